import { elapsed } from '../../checker/duration.ts'
import { coloured, type Screen } from './screen.ts'
import { truncate, width } from './table.ts'

/** The live part of a terminal: permanent lines above; below them running steps and live lines, redrawn in place. */
export interface LiveBoard {
  /** Writes a permanent line. */
  keep(line: string): void
  /** Shows a running step until the returned function replaces it with a permanent line. */
  start(step: { readonly name: string; readonly startedMs: number }): (line: string) => void
  /** Replaces the lines below the steps. */
  live(lines: readonly string[]): void
  suspend(): () => void
  close(): void
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const periodMs = 100
// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html: DECTCEM, CUU, ED.
const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const eraseBelow = '\x1b[J'

/** Draws at most ten times a second. The cursor is hidden only while something is live, and restored at any exit. */
export function liveBoard(screen: Screen): LiveBoard {
  const steps = new Set<{ readonly name: string; readonly startedMs: number }>()
  let liveLines: readonly string[] = []
  let kept: string[] = []
  let drawn: string[] = []
  let frame = 0
  let isSuspended = false
  let drawnMs = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  process.on('exit', close)

  function area(): string[] {
    const { columns, rows } = screen.size()
    const sign = frames[frame % frames.length] ?? ''
    const running = [...steps].map(({ name, startedMs }) => {
      const line = name.replace(/\S/, (first) => `${sign} ${first}`)
      return `${truncate(line, columns - 12)} ${coloured(screen, 'dim', elapsed(performance.now() - startedMs))}`
    })
    return [...running, ...liveLines].slice(0, Math.max(1, rows - 1)).map((line) => truncate(line, columns - 1))
  }

  /** Returns to where the area began. A line drawn before the terminal became narrower may now take several rows. */
  function erase(): string {
    if (drawn.length === 0) return ''
    const { columns } = screen.size()
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0)
    return `\x1b[${rows}A\r${eraseBelow}`
  }

  function draw(lines: string[]): void {
    const hide = drawn.length === 0 && lines.length > 0 ? hideCursor : ''
    const show = drawn.length > 0 && lines.length === 0 ? showCursor : ''
    const text = [...kept, ...lines].map((line) => `${line}\n`).join('')
    const output = `${hide}${erase()}${text}${show}`
    if (output !== '') screen.write(output)
    kept = []
    drawn = lines
    drawnMs = performance.now()
    frame++
  }

  function tick(): void {
    timer = undefined
    draw(area())
    if (drawn.length > 0) schedule(periodMs)
  }

  function schedule(delayMs: number): void {
    if (isSuspended) return
    timer ??= setTimeout(tick, Math.max(0, delayMs)).unref()
  }

  function change(): void {
    if (isSuspended) return
    const waitMs = drawnMs + periodMs - performance.now()
    if (waitMs > 0) {
      schedule(waitMs)
    } else {
      clearTimeout(timer)
      tick()
    }
  }

  function pause(): void {
    clearTimeout(timer)
    timer = undefined
    draw([])
  }

  function close(): void {
    process.off('exit', close)
    steps.clear()
    liveLines = []
    pause()
  }

  return {
    close,
    keep(line) {
      kept.push(line)
      change()
    },
    live(lines) {
      liveLines = lines
      change()
    },
    start(step) {
      steps.add(step)
      change()
      return (line) => {
        steps.delete(step)
        kept.push(line)
        change()
      }
    },
    suspend() {
      pause()
      isSuspended = true
      return () => {
        isSuspended = false
        change()
      }
    },
  }
}
