/**
 * Draws a recording of a terminal as a still SVG picture with text that can be selected: `npx node tasks/dev/render-demo.ts
 * RECORDING [TITLE] >docs/demo.svg`. Each line of the recording is `SECONDS<TAB>TEXT`; TEXT may hold ANSI colours. To record:
 *
 *   npm run demo 2>&1 | awk 'BEGIN { start = systime() } { printf "%d\t%s\n", systime() - start, $0; fflush() }' >demo.tsv
 */
import { readFileSync } from 'node:fs'

/** A piece of a line in one style. */
interface Span {
  readonly text: string
  readonly style: string
}

interface Row {
  /** Empty in the rows that a long line goes on in. */
  readonly time: string
  readonly spans: readonly Span[]
}

const columns = 100
const char = { width: 7.83, height: 19 }
const left = 78
const top = 56
const sgr: Readonly<Record<string, string>> = { 1: 'b', 2: 'd', 31: 'r', 32: 'g', 33: 'y', 36: 'c', 90: 'd' }
/** How lines without colours of their own are shown: what a terminal would have coloured. */
const usual: readonly (readonly [RegExp, string])[] = [
  [/^\s*(error:|.*: failed after )/, 'r'],
  [/^\s*warning:/, 'y'],
  [/: done in [\d.]+ (s|min|h)\b/, 'g'],
  [/^(\$|> sh) /, 'd'],
]

// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what an ANSI sequence begins with.
const ansi = /\u001b(?:\[([\d;?]*)([A-Za-z])|\][^\u0007]*\u0007)/g

function spansOf(line: string): Span[] {
  const plain = line.replace(ansi, '')
  const ownStyle = usual.find(([pattern]) => pattern.test(plain))?.[1] ?? ''
  if (plain === line) return [{ text: line, style: ownStyle }]
  const spans: Span[] = []
  let style = ''
  let from = 0
  for (const match of line.matchAll(ansi)) {
    spans.push({ text: line.slice(from, match.index), style })
    from = match.index + match[0].length
    if (match[2] !== 'm') continue
    for (const code of (match[1] || '0').split(';')) style = sgr[code] ?? (/^(0|22|39)$/.test(code) ? '' : style)
  }
  return [...spans, { text: line.slice(from), style }].filter(({ text }) => text !== '')
}

/** Cuts a line into rows of at most `columns` characters. */
function wrapped(spans: readonly Span[]): Span[][] {
  const rows: Span[][] = [[]]
  let used = 0
  for (const { text, style } of spans) {
    for (let rest = [...text]; rest.length > 0; ) {
      if (used === columns) used = rows.push([{ text: '  ', style: '' }]) && 2
      const piece = rest.splice(0, columns - used)
      rows.at(-1)?.push({ text: piece.join(''), style })
      used += piece.length
    }
  }
  return rows
}

function rowsOf(recording: string): Row[] {
  return recording.split('\n').flatMap((line): Row[] => {
    const [, seconds, rest] = /^\s*(\d+(?:\.\d+)?)\t(.*)$/.exec(line.replace(/\r+$/, '')) ?? []
    if (seconds === undefined || rest === undefined) return []
    const text = rest.split('\r').at(-1) ?? ''
    const whole = Math.floor(Number(seconds))
    const time = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
    return wrapped(spansOf(text)).map((spans, index) => ({ time: index === 0 ? time : '', spans }))
  })
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  // XML 1.0 has no way to write the other control characters.
  return text.replace(/[&<>"]/g, (one) => entities[one] ?? one).replace(/[^\P{Cc}\t]/gu, '')
}

function rowSvg({ time, spans }: Row, index: number): string {
  const y = top + index * char.height
  const words = spans.map(({ text, style }) => `<tspan${style && ` class="${style}"`}>${escaped(text)}</tspan>`)
  return `<text class="d e" x="${left - 14}" y="${y}">${time}</text><text x="${left}" y="${y}">${words.join('')}</text>`
}

/** The whole picture. */
export function renderRecording(recording: string, title: string): string {
  const rows = rowsOf(recording)
  const width = Math.ceil(left + columns * char.width + 16)
  const height = top + rows.length * char.height + 6
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" xml:space="preserve">
<title>${escaped(title)}</title>
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d6dde4; white-space: pre }
.e { text-anchor: end } .b { font-weight: bold } text.d, .d { fill: #85919d }
.r { fill: #ff8f85 } .g { fill: #7fd18b } .y { fill: #e5c07b } .c { fill: #6cc7d4 }
</style>
<rect width="${width}" height="${height}" rx="8" fill="#161b22"/>
<path d="M0 32V8a8 8 0 0 1 8-8h${width - 16}a8 8 0 0 1 8 8v24z" fill="#262d36"/>
<circle cx="20" cy="16" r="6" fill="#ff5f57"/><circle cx="40" cy="16" r="6" fill="#febc2e"/><circle cx="60" cy="16" r="6" fill="#28c840"/>
<text x="${width / 2}" y="21" text-anchor="middle">${escaped(title)}</text>
${rows.map(rowSvg).join('\n')}
</svg>
`
}

if (import.meta.main) {
  const [file, title = 'npm run demo'] = process.argv.slice(2)
  if (file === undefined) throw new Error('usage: npx node tasks/dev/render-demo.ts RECORDING [TITLE] >docs/demo.svg')
  process.stdout.write(renderRecording(readFileSync(file, 'utf8'), title))
}
