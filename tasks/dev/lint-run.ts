import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { inTurns } from '../lib/bounded.ts'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { ensureVenv } from '../tools/python-venv.ts'
import type { Gate } from './lint-gates.ts'

/** `nothing`: the gate had nothing to check. */
export interface GateResult {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'nothing'
  readonly seconds: number
  /** Output of its programs; empty when it passed. */
  readonly output: string
}

const repository = join(import.meta.dirname, '../..')

/** Runs every gate, one per processor at a time, even after a failure, and reports failures in full to `progress`. */
export async function runGates(
  gates: readonly Gate[],
  progress: Progress,
  signal?: AbortSignal,
): Promise<GateResult[]> {
  return inTurns(gates, availableParallelism(), async (gate) => {
    const result = await runGate(gate, progress, signal)
    if (result.outcome === 'failed') progress.event(`${gate.name} failed\n${result.output}`)
    return result
  })
}

async function runGate(gate: Gate, progress: Progress, signal: AbortSignal | undefined): Promise<GateResult> {
  const startedAt = performance.now()
  const scratch = await mkdtemp(join(tmpdir(), 'bakeroll-gate-'))
  const ended = (outcome: GateResult['outcome'], output = '') => {
    return { name: gate.name, outcome, seconds: (performance.now() - startedAt) / 1000, output }
  }
  try {
    const commands = await gate.commands(repository, scratch)
    if (commands.length === 0) return ended('nothing')
    const bin = gate.venv === undefined ? undefined : await ensureVenv(gate.venv, progress, signal)
    const output = await progress.step(`lint: ${gate.name}`, () => firstFailure(gate, commands, bin, signal))
    return output === undefined ? ended('passed') : ended('failed', output)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Runs commands until one fails; returns that one's output. */
async function firstFailure(
  gate: Gate,
  commands: readonly string[][],
  bin: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  for (const [program = '', ...argv] of commands) {
    const result = await execa(program, argv, {
      all: true,
      cwd: join(repository, gate.folder ?? ''),
      env: { PATH: searchPath(bin), NO_COLOR: '1' },
      reject: false,
      stdin: 'ignore',
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    })
    if (result.isCanceled) throw new OperatorError('interrupted', `interrupted in ${gate.name}`)
    if (result.failed) return result.all || result.shortMessage
  }
  return undefined
}

function searchPath(bin: string | undefined): string {
  const folders = [bin, join(repository, 'node_modules/.bin'), process.env['PATH'], '/usr/sbin', '/sbin']
  return folders.filter(Boolean).join(delimiter)
}
