import { writeAtomically } from '../atomic-file.ts'
import type { CheckReport, Verdict } from '../verdict/report.ts'
import { escapeXml } from './xml.ts'

/** White text has a contrast of at least 4.5:1 on each (https://www.w3.org/TR/WCAG22/#contrast-minimum). */
const grounds: Record<Verdict, string> = { ok: '#0b7a70', warning: '#8f5a06', critical: '#b92732', unknown: '#56647a' }

const height = 20
const nameWidth = 46
/** Approximate width of an 11 px letter; `textLength` enforces it with any font. */
const letterWidth = 7
const padding = 7

/** The verdict as an SVG badge, `check | ok`; its title contains the summary. */
export function renderBadge({ verdict, summary }: CheckReport): string {
  const wordWidth = verdict.length * letterWidth
  const width = nameWidth + wordWidth + 2 * padding
  const text = (x: number, length: number, words: string) =>
    `<text x="${x}" y="14" textLength="${length}" lengthAdjust="spacingAndGlyphs">${words}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t">`,
    `<title id="t">check: ${verdict}; ${escapeXml(summary)}</title>`,
    `<clipPath id="c"><rect width="${width}" height="${height}" rx="4"/></clipPath>`,
    `<g clip-path="url(#c)"><rect width="${nameWidth}" height="${height}" fill="#3b4554"/>`,
    `<rect x="${nameWidth}" width="${width - nameWidth}" height="${height}" fill="${grounds[verdict]}"/></g>`,
    `<g fill="#fff" font-family="Verdana,'DejaVu Sans',sans-serif" font-size="11">`,
    `${text(padding, nameWidth - 2 * padding, 'check')}${text(nameWidth + padding, wordWidth, verdict)}</g></svg>\n`,
  ].join('')
}

export function writeBadge(file: string, report: CheckReport): void {
  writeAtomically(file, renderBadge(report), { mode: 'kept' })
}
