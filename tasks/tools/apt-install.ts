import { existsSync } from 'node:fs'
import { execa } from 'execa'
import { OperatorError } from '../lib/errors.ts'
import type { Progress } from '../lib/progress.ts'
import { aptArguments, aptHint, isOutdated, needsUpdate, serviceArguments } from './apt.ts'

/**
 * Installs Debian packages, through sudo when not root, and leaves none of `services` running or enabled.
 * Throws an OperatorError with apt's last lines, or when root is needed and cannot be had.
 */
export async function aptInstall(
  packages: readonly string[],
  services: readonly string[],
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const root = await rootPrefix(packages)
  const apt = new Apt(root, progress, signal)
  const units = existsSync('/run/systemd/system') ? services : []
  const { before, after } = serviceArguments(root, units)
  if (units.length > 0) await apt.run(before)
  try {
    if (needsUpdate()) await apt.run(aptArguments(root, 'update'))
    await apt.runAgainAfterUpdate(aptArguments(root, 'install', packages))
  } finally {
    if (units.length > 0) for (const argv of after) await execa(argv[0] ?? '', argv.slice(1), { reject: false })
  }
}

class Apt {
  readonly #root: readonly string[]
  readonly #progress: Progress
  readonly #signal: AbortSignal | undefined
  /** All output so far: apt-get update ends well without a network, and only its output tells why an install fails then. */
  #said = ''

  constructor(root: readonly string[], progress: Progress, signal: AbortSignal | undefined) {
    this.#root = root
    this.#progress = progress
    this.#signal = signal
  }

  async run(argv: readonly string[]): Promise<void> {
    const { failed, output, cause } = await this.#attempt(argv)
    if (failed) throw aptError(argv, output, this.#said, cause)
  }

  /** Runs `argv`; when its failure looks like an old list of packages, fetches the list and runs it once more. */
  async runAgainAfterUpdate(argv: readonly string[]): Promise<void> {
    const { failed, output, cause } = await this.#attempt(argv)
    if (!failed) return
    if (!isOutdated(output)) throw aptError(argv, output, this.#said, cause)
    await this.run(aptArguments(this.#root, 'update'))
    await this.run(argv)
  }

  async #attempt(argv: readonly string[]) {
    const child = execa(argv[0] ?? '', argv.slice(1), {
      all: true,
      reject: false,
      stdin: argv[0] === 'sudo' && argv[1] !== '-n' ? 'inherit' : 'ignore',
      ...(this.#signal === undefined ? {} : { cancelSignal: this.#signal }),
    })
    for await (const line of child.iterable({ from: 'all' })) this.#progress.live([`  ${line}`])
    this.#progress.live([])
    const result = await child
    if (result.isCanceled) throw new OperatorError('interrupted', 'interrupted while installing packages')
    this.#said += `${result.all}\n`
    return { failed: result.failed, output: result.all, cause: result.failed ? result : undefined }
  }
}

async function rootPrefix(packages: readonly string[]): Promise<string[]> {
  if (process.getuid?.() === 0) return []
  const quiet = await execa('sudo', ['-n', 'true'], { reject: false, stdin: 'ignore' })
  if (!quiet.failed) return ['sudo', '-n']
  if (quiet.code !== 'ENOENT' && process.stdin.isTTY) return ['sudo']
  throw new OperatorError('refused', `installing ${packages.join(', ')} needs root`, {
    hint: `as root: apt-get install --no-install-recommends ${packages.join(' ')}`,
  })
}

function aptError(argv: readonly string[], output: string, said: string, cause: unknown): OperatorError {
  const lines = output.trim().split('\n')
  const errors = lines.filter((line) => line.startsWith('E: '))
  const command = argv.slice(Math.max(0, argv.indexOf('apt-get'))).join(' ')
  const last = (errors.length > 0 ? errors : lines).slice(-10).join('\n')
  return new OperatorError('failed', `${command}\n${last}`, { hint: aptHint(said), cause })
}
