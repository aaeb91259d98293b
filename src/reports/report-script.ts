/** The report's only script: it sorts and filters the rows that are there. Its hash is what the page's policy lets in. */
export const reportScript = `
for (const table of document.querySelectorAll('table[data-sortable]')) {
  const body = table.tBodies[0]
  const value = (row, i) => { const d = row.cells[i].dataset.v; return d === undefined ? row.cells[i].textContent.toLowerCase() : d === '' ? NaN : Number(d) }
  table.tHead.addEventListener('click', (event) => {
    const head = event.target.closest('th[data-sort]')
    if (!head) return
    const i = head.cellIndex
    const way = head.getAttribute('aria-sort') === 'descending' ? 1 : -1
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort')
    head.setAttribute('aria-sort', way === 1 ? 'ascending' : 'descending')
    const rows = [...body.rows].map((row) => [value(row, i), row])
    const last = (x) => x !== x
    rows.sort(([a], [b]) => last(a) || last(b) ? last(a) - last(b) : a < b ? -way : a > b ? way : 0)
    body.append(...rows.map(([, row]) => row))
  })
  const tools = table.previousElementSibling
  if (!tools || !tools.classList.contains('tools')) continue
  const text = tools.querySelector('input'), state = tools.querySelector('select'), count = tools.querySelector('span')
  const apply = () => {
    const wanted = text.value.toLowerCase()
    let shown = 0
    for (const row of body.rows) {
      const fits = row.cells[0].textContent.toLowerCase().includes(wanted) && (!state.value || row.dataset.s === state.value)
      row.hidden = !fits
      if (fits) shown++
    }
    count.textContent = shown + ' shown'
  }
  text.addEventListener('input', apply)
  state.addEventListener('change', apply)
}
`
