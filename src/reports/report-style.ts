/** The report's only style sheet; its hash is what the page's policy lets in. */
export const reportStyle = `
:root{color-scheme:light dark;--ink:#1c2430;--dim:#667085;--line:#e3e7ee;--paper:#fff;--soft:#f6f7f9;--ref:#a9b6c9;--cur:#2f6fde;--bad:#c4312b;--watch:#a86b00;--good:#1f7a4d}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ef;--dim:#98a2b3;--line:#2b3340;--paper:#12161c;--soft:#1a2029;--ref:#56647a;--cur:#6ea0ff;--bad:#ff7a73;--watch:#e0a53a;--good:#59c08d}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:28px 24px 60px;background:var(--paper);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
h1{font-size:22px;margin:0 0 2px}h2{font-size:16px;margin:34px 0 10px}
p{margin:4px 0}.dim{color:var(--dim)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:12px;margin-top:18px}
.card{border:1px solid var(--line);border-radius:8px;padding:12px 14px;background:var(--soft)}
.card b{display:block;font-size:17px}
table{border-collapse:collapse;width:100%}
th,td{padding:5px 10px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{color:var(--dim);font-weight:500;white-space:nowrap;position:sticky;top:0;background:var(--paper)}
th[data-sort]{cursor:pointer}th[aria-sort=ascending]:after{content:" ↑"}th[aria-sort=descending]:after{content:" ↓"}
td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}th.n{text-align:right}
.violation{color:var(--bad)}.watch{color:var(--watch)}.ok{color:var(--good)}.too_few_samples,.no_reference,.unknown,.failed{color:var(--dim)}
svg.s{width:120px;height:28px;display:block}svg.l{width:100%;max-width:420px;display:block;margin:8px 0}svg.l g{fill:transparent}
.r{fill:var(--ref)}.c{fill:var(--cur)}.o{fill:none;stroke:var(--cur);stroke-width:1.5}svg.l line{stroke:var(--line)}svg.l text{fill:var(--dim);font-size:11px}
.key i{display:inline-block;width:10px;height:10px;border-radius:2px;margin:0 5px 0 12px;background:var(--ref)}.key i+i,.key .k2{background:var(--cur)}
.tools{display:flex;gap:10px;margin-bottom:8px;align-items:center}
input,select{font:inherit;padding:5px 8px;border:1px solid var(--line);border-radius:6px;background:var(--soft);color:var(--ink)}
summary{cursor:pointer}[title]{cursor:help}
details{width:430px;max-width:100%}.wide{overflow-x:auto}.wide table{width:auto;margin-top:6px}.wide th{position:static}.wide td{white-space:nowrap}
@media print{body{max-width:none;padding:0}.tools{display:none}th{position:static}tr{break-inside:avoid}}
`
