/** Preloaded into a test file: fails it when it starts an outside program that its first line does not name. */
import childProcess, { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, delimiter, isAbsolute } from 'node:path'
import { findProgram, programs } from '../tools/system-packages.ts'
import { neededWords, needsFrom } from './needs.ts'

const file = process.argv[1] ?? ''
const named = new Set([...needsFrom(neededWords(readFileSync(file, 'utf8'))).programs].map(({ name }) => name))
const known = new Set(programs.map(({ name }) => name))
const unnamed = new Set<string>()

function note(program: string, path = process.env['PATH'] ?? ''): void {
  const name = basename(program)
  if (!known.has(name) || named.has(name)) return
  const found = isAbsolute(program) ? program : findProgram(name, path.split(delimiter))
  // Programs that a test creates itself, or that come with a virtual environment, are not system programs.
  if (found !== undefined && /^\/(usr\/|s?bin\/|opt\/)/.test(found)) unnamed.add(name)
}

interface Spawning {
  readonly file: string
  readonly envPairs?: readonly string[]
}
const prototype = ChildProcess.prototype as unknown as { spawn(options: Spawning): unknown }
const { spawn } = prototype
prototype.spawn = function (options) {
  note(options.file, options.envPairs?.find((pair) => pair.startsWith('PATH='))?.slice('PATH='.length))
  return spawn.call(this, options)
}
for (const name of ['spawnSync', 'execFileSync'] as const) {
  const original = childProcess[name] as (...all: unknown[]) => unknown
  Object.assign(childProcess, {
    [name]: (program: string, ...rest: unknown[]) => {
      note(program)
      return original(program, ...rest)
    },
  })
}
syncBuiltinESMExports()

process.on('exit', () => {
  if (unnamed.size === 0) return
  process.exitCode ||= 1
  process.stderr.write(`${file} starts ${[...unnamed].join(', ')}, which its first line does not name: // needs: ...\n`)
})
