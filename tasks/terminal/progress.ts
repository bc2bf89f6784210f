import { AsyncLocalStorage } from 'node:async_hooks'
import { stripVTControlCharacters } from 'node:util'
import { elapsed } from '../../checker/duration.ts'
import { printable } from '../../checker/formatters/printable.ts'
import type { Progress } from '../lib/progress.ts'
import { asCalled } from '../settings/program-name.ts'
import { liveBoard } from './live-board.ts'
import { coloured, type Screen } from './screen.ts'

export interface ScreenProgress extends Progress {
  detail(line: string): void
  suspend(): () => void
  /** Clears the live lines and restores the cursor. Safe to call twice. */
  close(): void
}

/** On a terminal running steps are redrawn in place; elsewhere there is one plain line per change. */
export function screenProgress(
  screen: Screen,
  { verbose = false, program }: { readonly verbose?: boolean; readonly program?: string | undefined } = {},
): ScreenProgress {
  return screen.isLive ? liveProgress(screen, verbose, program) : plainProgress(screen, verbose, program)
}

/** Nesting depth of the current step; parallel steps each have their own. */
const depth = new AsyncLocalStorage<number>()

function indented(message: string): string {
  const margin = '  '.repeat(depth.getStore() ?? 0)
  return safe(message).replace(/^/gm, margin)
}

/** Text from a machine must not control the terminal. Programs colour their progress: colours are removed, not escaped. */
function safe(message: string): string {
  return printable(stripVTControlCharacters(message).replace(/[^\P{Cc}\n\t]/gu, '')).trimEnd()
}

function plainProgress(screen: Screen, verbose: boolean, program: string | undefined): ScreenProgress {
  const ours = (message: string) => indented(asCalled(message, program))
  const say = (message: string) => screen.write(`${ours(message)}\n`)
  return {
    event: say,
    warn: (message) => screen.write(`${coloured(screen, 'yellow', ours(`warning: ${message}`))}\n`),
    detail: (line) => verbose && screen.write(`${indented(line)}\n`),
    live: () => {},
    suspend: () => () => {},
    close: () => {},
    async step(name, work) {
      say(`${name} ...`)
      const startedMs = performance.now()
      const seconds = () => elapsed(performance.now() - startedMs)
      try {
        const result = await depth.run((depth.getStore() ?? 0) + 1, work)
        say(`${name}: done in ${seconds()}`)
        return result
      } catch (error) {
        say(`${name}: failed after ${seconds()}`)
        throw error
      }
    },
  }
}

function liveProgress(screen: Screen, verbose: boolean, program: string | undefined): ScreenProgress {
  const board = liveBoard(screen)
  const ours = (message: string) => indented(asCalled(message, program))
  const keep = (message: string) => board.keep(ours(message))
  return {
    event: keep,
    warn: (message) => board.keep(coloured(screen, 'yellow', ours(`! ${message}`))),
    detail: (line) => verbose && board.keep(coloured(screen, 'dim', indented(line))),
    live: (lines) => board.live(lines.map(safe)),
    suspend: board.suspend,
    close: board.close,
    async step(name, work) {
      const startedMs = performance.now()
      const shown = indented(name)
      const end = board.start({ name: shown, startedMs })
      const mark = (sign: string) => shown.replace(/\S/, (first) => `${sign} ${first}`)
      const took = () => coloured(screen, 'dim', `(${elapsed(performance.now() - startedMs)})`)
      try {
        const result = await depth.run((depth.getStore() ?? 0) + 1, work)
        end(`${mark(coloured(screen, 'green', '✓'))} ${took()}`)
        return result
      } catch (error) {
        end(`${mark(coloured(screen, 'red', '✗'))} ${took()}`)
        throw error
      }
    },
  }
}

export function silentProgress(): Progress {
  return { event: () => {}, warn: () => {}, live: () => {}, step: (_name, work) => work() }
}

/** Records in `lines`: `name ...`, `name: done`, `name: failed`, events, warnings. */
export function recordingProgress(): Progress & { readonly lines: string[] } {
  const lines: string[] = []
  return {
    lines,
    event: (message) => void lines.push(message),
    warn: (message) => void lines.push(`warning: ${message}`),
    detail: (line) => void lines.push(`detail: ${line}`),
    live: () => {},
    async step(name, work) {
      lines.push(`${name} ...`)
      try {
        const result = await work()
        lines.push(`${name}: done`)
        return result
      } catch (error) {
        lines.push(`${name}: failed`)
        throw error
      }
    },
  }
}
