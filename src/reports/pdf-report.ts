import PDFDocument from 'pdfkit'
import type { Comparison } from '../comparison/comparison.ts'
import type { FeatureComparison } from '../monitoring/compare-feature.ts'
import type { Measured } from '../statistics/too-few-samples.ts'
import { version } from '../version.ts'
import { type Bar, chartOf } from './chart.ts'
import { displayed } from './displayed.ts'
import { figure, percent } from './html-text.ts'

const MARGIN = 46
const MOST_FINDINGS = 60
const MOST_FEATURES = 40
const ink = '#1c2430'
const dim = '#667085'
const line = '#e3e7ee'
const colours: Record<string, string> = { ok: '#1f7a4d', watch: '#a86b00', violation: '#c4312b' }
const words: Record<string, string> = {
  ok: 'fine',
  watch: 'watch',
  violation: 'wrong',
  unknown: 'not judged',
  too_few_samples: 'too few rows',
  no_reference: 'no limit',
  failed: 'failed',
}

type Document = InstanceType<typeof PDFDocument>

/** What the standard fonts have of a text: other characters are written by their number. */
const drawable = (text: string, longest = 60) =>
  displayed(text, longest)
    .replaceAll('−', '-')
    .replace(/[^\x20-\x7e\xa0-\xff–—‘’“”…•‹›€]/gu, (c) => `‹U+${c.codePointAt(0)!.toString(16).toUpperCase()}›`)

/**
 * A comparison on paper: verdict, findings, performance, groups and the distributions that moved most. It is drawn with
 * the fonts that every reader of PDF has, so it needs neither a browser nor font files; whoever wants every column, or
 * names in other scripts, prints the page of the HTML report.
 */
export function pdfReport(comparison: Comparison): Promise<Uint8Array> {
  const document = new PDFDocument({
    size: 'A4',
    margin: MARGIN,
    bufferPages: true,
    info: {
      Title: drawable(comparison.title, 200),
      Producer: `Kedge ${version}`,
      CreationDate: new Date(comparison.madeAt),
    },
  })
  const pieces: Buffer[] = []
  document.on('data', (piece: Buffer) => pieces.push(piece))
  const done = new Promise<Uint8Array>((resolve, reject) => {
    document.on('end', () => resolve(Buffer.concat(pieces)))
    document.on('error', reject)
  })
  const { reference, current, madeAt, verdict, scores, features, performance, groups, notes } = comparison
  document.font('Helvetica-Bold').fontSize(18).fillColor(ink).text(drawable(comparison.title, 120))
  document
    .font('Helvetica')
    .fontSize(9)
    .fillColor(dim)
    .text(
      `${current.rows.toLocaleString('en')} rows against ${reference.rows.toLocaleString('en')} of the reference · ${new Date(madeAt).toISOString().slice(0, 16).replace('T', ' ')} UTC · Kedge ${version}`,
    )
  table(
    document,
    ['Family', 'Verdict'],
    [140, 200],
    Object.entries(verdict).map(([family, state]) => [family, { text: words[state]!, colour: colours[state] }]),
  )

  const found = scores.filter((score) => score.state === 'violation' || score.state === 'watch')
  heading(document, 'Findings')
  if (found.length === 0) paragraph(document, 'Nothing out of the ordinary was found.')
  else
    table(
      document,
      ['What', 'Column', 'Value', 'Limit', 'Verdict'],
      [120, 180, 70, 70, 60],
      found
        .slice(0, MOST_FINDINGS)
        .map((score) => [
          score.monitor,
          drawable(score.feature, 36),
          figure(score.value),
          figure(score.thresholdHigh ?? score.thresholdLow),
          { text: words[score.state] ?? score.state, colour: colours[score.state] },
        ]),
    )
  if (found.length > MOST_FINDINGS) paragraph(document, `and ${found.length - MOST_FINDINGS} more`)

  const value = (of: Measured<{ value: number; low: number; high: number }> | null) =>
    of?.ok ? `${figure(of.value)}${Number.isFinite(of.low) ? ` (${figure(of.low)} to ${figure(of.high)})` : ''}` : '–'
  if (performance) {
    heading(document, 'Performance')
    table(
      document,
      ['Metric', 'Reference', 'Current', 'Expected without truth'],
      [130, 120, 120, 130],
      performance.metrics.map((metric) => [
        metric.title,
        value(metric.reference),
        value(metric.current),
        value(metric.estimated),
      ]),
    )
  }
  const alone = (of: Parameters<typeof value>[0]) => (of?.ok ? figure(of.value) : '–')
  if (groups.length > 0) {
    heading(document, 'Groups')
    table(
      document,
      ['Group', 'Side', 'Rows', 'Predicted positive', 'True positive rate'],
      [150, 60, 60, 110, 120],
      groups.map((group) => [
        drawable(group.group, 30),
        group.side,
        figure(group.rows),
        alone(group.selection),
        alone(group.truePositive),
      ]),
    )
  }
  if (features.length > 0) heading(document, 'Distributions')
  for (const feature of features.slice(0, MOST_FEATURES)) distribution(document, feature, comparison)
  if (features.length > MOST_FEATURES)
    paragraph(
      document,
      `${features.length - MOST_FEATURES} more columns, all further from their limits, are in the other reports.`,
    )
  if (notes.length > 0) heading(document, 'Notes')
  for (const note of notes) paragraph(document, drawable(note, 600))
  numberPages(document)
  document.end()
  return done
}

const room = (document: Document, height: number) => {
  if (document.y + height > document.page.height - MARGIN) document.addPage()
}

function heading(document: Document, text: string) {
  room(document, 60)
  document.moveDown(1.2).font('Helvetica-Bold').fontSize(12).fillColor(ink).text(text, MARGIN).moveDown(0.3)
}

function paragraph(document: Document, text: string) {
  room(document, 24)
  document.font('Helvetica').fontSize(9).fillColor(dim).text(text, MARGIN)
}

type Cell = string | { text: string; colour: string | undefined }

function table(
  document: Document,
  head: readonly string[],
  widths: readonly number[],
  rows: readonly (readonly Cell[])[],
) {
  const row = (cells: readonly Cell[], colour: string) => {
    room(document, 16)
    const y = document.y + 3
    let x = MARGIN
    cells.forEach((cell, i) => {
      const { text, colour: own } = typeof cell === 'string' ? { text: cell, colour: undefined } : cell
      document
        .font('Helvetica')
        .fontSize(9)
        .fillColor(own ?? colour)
      document.text(drawable(text, 60), x, y, { width: widths[i]! - 6, height: 11, ellipsis: true, lineBreak: false })
      x += widths[i]!
    })
    document
      .moveTo(MARGIN, y + 12)
      .lineTo(x, y + 12)
      .lineWidth(0.5)
      .strokeColor(line)
      .stroke()
    document.x = MARGIN
    document.y = y + 13
  }
  document.moveDown(0.4)
  row(head, dim)
  for (const cells of rows) row(cells, ink)
}

function distribution(document: Document, feature: FeatureComparison, { scores }: Comparison) {
  room(document, 78)
  const score = scores.find((one) => one.monitor === 'drift.distance' && one.feature === feature.feature)
  const top = document.y + 4
  document.font('Helvetica-Bold').fontSize(9).fillColor(ink)
  document.text(drawable(feature.feature, 40), MARGIN, top, {
    width: 190,
    height: 11,
    ellipsis: true,
    lineBreak: false,
  })
  const { against, current } = feature
  const missing = (side: typeof against) => (side && side.rows > 0 ? percent(side.missing / side.rows) : '–')
  const said = [
    score
      ? `distance ${figure(score.value)}, limit ${figure(score.thresholdHigh)}, ${words[score.state] ?? score.state}`
      : '',
    feature.type === 'numeric'
      ? `mean ${figure(against?.mean)} to ${figure(current.mean)}`
      : `${feature.categories.length - 1} categories`,
    `missing ${missing(against)} to ${missing(current)}`,
  ]
  document.font('Helvetica').fontSize(8).fillColor(dim)
  said.forEach((text, i) => {
    document.text(text, MARGIN, top + 14 + i * 11, { width: 190, lineBreak: false })
  })
  const [left, width, height] = [MARGIN + 205, 290, 52]
  const chart = chartOf(feature)
  const bars = (all: readonly Bar[], colour: string) => {
    document.fillColor(colour)
    for (const bar of all)
      if (bar.height > 0.003)
        document
          .rect(
            left + bar.x * width,
            top + height * (1 - bar.height),
            Math.max(0.4, bar.width * width),
            height * bar.height,
          )
          .fill()
  }
  bars(chart.reference, '#a9b6c9')
  if (chart.overlaid) outline(document, chart.current, { left, top, width, height })
  else bars(chart.current, '#2f6fde')
  document
    .moveTo(left, top + height)
    .lineTo(left + width, top + height)
    .lineWidth(0.5)
    .strokeColor(line)
    .stroke()
  document.font('Helvetica').fontSize(7).fillColor(dim)
  document.text(chart.from, left, top + height + 2, { width: 100, lineBreak: false })
  document.text(chart.to, left + width - 100, top + height + 2, { width: 100, align: 'right', lineBreak: false })
  document.x = MARGIN
  document.y = top + height + 14
}

function outline(
  document: Document,
  bars: readonly Bar[],
  box: { left: number; top: number; width: number; height: number },
) {
  bars.forEach((bar, i) => {
    const x = box.left + bar.x * box.width
    const y = box.top + box.height * (1 - bar.height)
    if (i === 0) document.moveTo(x, y)
    else document.lineTo(x, y)
    document.lineTo(x + bar.width * box.width, y)
  })
  document.lineWidth(1).strokeColor('#2f6fde').stroke()
}

function numberPages(document: Document) {
  const { start, count } = document.bufferedPageRange()
  for (let page = start; page < start + count; page++) {
    document.switchToPage(page)
    const bottom = document.page.margins.bottom
    document.page.margins.bottom = 0
    document.font('Helvetica').fontSize(8).fillColor(dim)
    document.text(`${page + 1} / ${count}`, MARGIN, document.page.height - 30, { align: 'right', lineBreak: false })
    document.page.margins.bottom = bottom
  }
}
