/**
 * Renders a terminal recording as an animated SVG: `npx node tasks/dev/render-demo.ts RECORDING >docs/demo.svg`. The
 * format is asciinema's (https://docs.asciinema.org/manual/asciicast/v2/); record with benchmarks/local.ts or
 * `asciinema rec --command 'npm run demo' --title 'npm run demo' RECORDING`. A minute plays in about a second; the
 * recording's clock is shown above.
 */
import { readFileSync } from 'node:fs'
import { openTerminalScreen, type Span } from './terminal-screen.ts'

interface Frame {
  readonly clock: string
  readonly rows: readonly Span[][]
  readonly seconds: number
}

interface Event {
  readonly at: number
  readonly text: string
}

const columns = 100
const rowsShown = 20
const char = { width: 7.83, height: 19 }
const left = 16
const top = 56
const frameSeconds = 0.25
const lastSeconds = 5
const spinner = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/

const width = Math.ceil(2 * left + columns * char.width)
const height = rowsShown * char.height + 8

function eventsOf(recording: string): Event[] {
  const [, ...lines] = recording.trimEnd().split('\n')
  return lines
    .map((line): [number, string, string] => JSON.parse(line))
    .filter(([, kind]) => kind === 'o')
    .map(([at, , text]) => ({ at, text }))
}

/** Wraps a row at `columns` characters. */
function wrapped(spans: readonly Span[]): Span[][] {
  const rows: Span[][] = [[]]
  let used = 0
  for (const { text, style } of spans) {
    for (const rest = [...text]; rest.length > 0; ) {
      if (used === columns) used = rows.push([{ text: '  ', style: '' }]) && 2
      const piece = rest.splice(0, columns - used)
      rows.at(-1)?.push({ text: piece.join(''), style })
      used += piece.length
    }
  }
  return rows
}

function textOf(rows: readonly Span[][]): string[] {
  return rows.map((row) => row.map(({ text }) => text).join(''))
}

/** The static lines and the running steps: while these stay the same, time may run fast. */
function sceneOf(rows: readonly Span[][]): string {
  const lines = textOf(rows)
  const live = lines.findIndex((line) => spinner.test(line))
  const steps = lines.filter((line) => spinner.test(line)).map((line) => line.replace(/[\d.]+ (?:s|min|h)\b.*/, ''))
  return [...lines.slice(0, live === -1 ? undefined : live), ...steps.map((step) => step.replace(spinner, ''))].join(
    '\n',
  )
}

function framesOf(events: readonly Event[]): Frame[] {
  const screen = openTerminalScreen()
  const scenes: { readonly looks: { readonly at: number; readonly rows: Span[][] }[] }[] = []
  let lastScene: string | undefined
  for (const { at, text } of events) {
    screen.write(text)
    const rows = screen.rows().flatMap(wrapped)
    if (rows.at(-1)?.length === 0) rows.pop()
    const scene = sceneOf(rows)
    if (scene !== lastScene) scenes.push({ looks: [] })
    lastScene = scene
    scenes.at(-1)?.looks.push({ at, rows: rows.slice(-rowsShown) })
  }
  return scenes.flatMap(({ looks }, index) => {
    const lasts = (scenes[index + 1]?.looks[0]?.at ?? 0) - (looks[0]?.at ?? 0)
    const count = Math.max(1, Math.min(8, Math.round((0.3 + lasts / 90) / frameSeconds)))
    const seconds = index === scenes.length - 1 ? lastSeconds : frameSeconds
    return Array.from({ length: index === scenes.length - 1 ? 1 : count }, (_, part) => {
      const at = (looks[0]?.at ?? 0) + Math.max(0, lasts) * (part / count)
      return { clock: clockOf(at), rows: looks.findLast((look) => look.at <= at)?.rows ?? [], seconds }
    })
  })
}

function clockOf(at: number): string {
  return `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, '0')}`
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  // XML 1.0 cannot represent the other control characters.
  return text.replace(/[&<>"]/g, (one) => entities[one] ?? one).replace(/[^\P{Cc}\t]/gu, '')
}

function rowSvg(row: readonly Span[]): string {
  return row.map(({ text, style }) => `<tspan${style && ` class="${style}"`}>${escaped(text)}</tspan>`).join('')
}

/** All frames are stacked on a strip that jumps from one to the next behind a window. */
export function renderRecording(recording: string): string {
  const { title = 'npm run demo' } = JSON.parse(recording.slice(0, recording.indexOf('\n')))
  const frames = framesOf(eventsOf(recording))
  const distinct = [...new Set(frames.flatMap(({ rows }) => rows.map(rowSvg)))].filter((row) => row !== '')
  const numbers = new Map(distinct.map((row, number) => [row, number]))
  const whole = frames.reduce((sum, { seconds }) => sum + seconds, 0)
  let began = 0
  const moves = frames.map(({ seconds }, index) => {
    const percent = (began / whole) * 100
    began += seconds
    return `${percent.toFixed(3)}% { transform: translateY(${-index * height}px) }`
  })
  const strip = frames.map(({ clock, rows }, index) => {
    const used = rows.map((row, line) => {
      const number = numbers.get(rowSvg(row))
      return number === undefined ? '' : `<use href="#r${number}" y="${index * height + 16 + line * char.height}"/>`
    })
    return `${used.join('')}<text class="d e" x="${width - 2 * left}" y="${index * height + 16}">${clock}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top - 12 + height}" width="${width}" height="${top - 12 + height}" role="img" xml:space="preserve">
<title>${escaped(title)}</title>
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d6dde4; white-space: pre }
.e { text-anchor: end } .b { font-weight: bold } text.d, .d { fill: #85919d }
.r { fill: #ff8f85 } .g { fill: #7fd18b } .y { fill: #e5c07b } .c { fill: #6cc7d4 }
.strip { animation: play ${whole}s step-end infinite }
@keyframes play { ${moves.join(' ')} }
@media (prefers-reduced-motion: reduce) { .strip { animation: none; transform: translateY(${-(frames.length - 1) * height}px) } }
</style>
<defs>
${distinct.map((row, number) => `<text id="r${number}">${row}</text>`).join('\n')}
</defs>
<rect width="${width}" height="${top - 12 + height}" rx="8" fill="#161b22"/>
<path d="M0 32V8a8 8 0 0 1 8-8h${width - 16}a8 8 0 0 1 8 8v24z" fill="#262d36"/>
<circle cx="20" cy="16" r="6" fill="#ff5f57"/><circle cx="40" cy="16" r="6" fill="#febc2e"/><circle cx="60" cy="16" r="6" fill="#28c840"/>
<text x="${width / 2}" y="21" text-anchor="middle">${escaped(title)}</text>
<clipPath id="window"><rect width="${width - left}" height="${height}"/></clipPath>
<g transform="translate(${left} ${top - 16})" clip-path="url(#window)">
<g class="strip">
${strip.join('\n')}
</g>
</g>
</svg>
`
}

if (import.meta.main) {
  const [file] = process.argv.slice(2)
  if (file === undefined) throw new Error('usage: npx node tasks/dev/render-demo.ts RECORDING >docs/demo.svg')
  process.stdout.write(renderRecording(readFileSync(file, 'utf8')))
}
