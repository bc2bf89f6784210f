import { accessSync, appendFileSync, constants, existsSync, readFileSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { printable } from '../../checker/formatters/printable.ts'
import type { RollEvent } from '../lib/roll/events.ts'

export interface ReportFiles {
  readonly page: string
  /** One JSON object per line. */
  readonly events: string
}

/** `FILE.html` and `FILE.jsonl`, whether FILE has one of these endings or none. */
export function reportFiles(file: string): ReportFiles {
  const base = file.replace(/\.(html|jsonl)$/, '')
  return { page: `${base}.html`, events: `${base}.jsonl` }
}

/** Why FILE cannot be written, one line; `undefined` when it can. Changes nothing. */
export function reportProblem(file: string): string | undefined {
  const { page, events } = reportFiles(file)
  const folder = dirname(page)
  const found = statSync(folder, { throwIfNoEntry: false })
  if (!found) return `there is no folder ${folder}`
  if (!found.isDirectory()) return `${folder} is no folder`
  if (!isWritable(folder)) return `the folder ${folder} cannot be written to`
  const inTheWay = [page, events].find((path) => existsSync(path) && !(statSync(path).isFile() && isWritable(path)))
  return inTheWay === undefined ? undefined : `${inTheWay} is there, and is no file that can be written to`
}

/** Reads the events of a roll, in order, without an incomplete line that a killed run left. */
export function readEvents(path: string): RollEvent[] {
  return readFileSync(path, 'utf8').split('\n').flatMap(parsed)
}

/** Appends one event, on a new line after an incomplete one that a killed run left. */
export function appendEvent(path: string, event: RollEvent, isFirst: boolean): void {
  const before = isFirst && existsSync(path) && !/(^|\n)$/.test(readFileSync(path, 'utf8')) ? '\n' : ''
  appendFileSync(path, printable(`${before}${JSON.stringify(event)}\n`))
}

/** Keeps the events of the previous roll in another file; only the latest such file is kept. */
export function setAside(path: string): void {
  if (existsSync(path)) renameSync(path, path.replace(/\.jsonl$/, '.previous.jsonl'))
}

function parsed(line: string): RollEvent[] {
  try {
    const event = JSON.parse(line)
    return typeof event?.event === 'string' && !Number.isNaN(Date.parse(event.at)) ? [event] : []
  } catch {
    return []
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
