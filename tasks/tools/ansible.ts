import { shellWord } from '../../checker/shell-word.ts'
import { OperatorError } from '../lib/errors.ts'
import { ansibleTask, failureIn } from './packer.ts'
import { runToEnd } from './run-to-end.ts'

export interface Play {
  readonly playbook: string
  readonly tags: string
  /** A file of extra variables, JSON. */
  readonly variablesFile: string
}

/** ssh's arguments up to and including the destination, as Ansible takes them. */
export function connectionOf(sshArguments: readonly string[]): { inventory: string; variables: string[]; ssh: string } {
  const words = sshArguments.slice(0, -1)
  const [user = '', host = ''] = splitLast(sshArguments.at(-1) ?? '', '@')
  const at = words.indexOf('-p')
  const port = at === -1 ? '22' : (words[at + 1] ?? '22')
  const ssh = at === -1 ? words : words.toSpliced(at, 2)
  const variables = { ansible_user: user, ansible_port: port }
  return {
    inventory: `${host},`,
    variables: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ssh: ssh.map(shellWord).join(' '),
  }
}

export function playArguments(play: Play, sshArguments: readonly string[]): string[] {
  const { inventory, variables } = connectionOf(sshArguments)
  const own = variables.flatMap((one) => ['--extra-vars', one])
  const flags = [`--inventory=${inventory}`, `--tags=${play.tags}`, ...own, '--extra-vars', `@${play.variablesFile}`]
  return ['ansible-playbook', ...flags, play.playbook]
}

/** Unlike a builder's, the host key of an instance is known, and only that one is accepted. */
export function playEnvironment(configFile: string, sshArguments: readonly string[]): Record<string, string> {
  return {
    ANSIBLE_CONFIG: configFile,
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_SSH_ARGS: `${connectionOf(sshArguments).ssh} -o ControlMaster=auto -o ControlPersist=60s`,
    ANSIBLE_NOCOLOR: '1',
  }
}

export interface PlayRun {
  readonly env: Readonly<Record<string, string>>
  readonly configFile: string
  /** The whole run; a connection that hangs ends here. */
  readonly timeoutSeconds: number
  readonly signal?: AbortSignal | undefined
  /** Holds the process id of Ansible while it runs. */
  readonly pidFile?: string | undefined
  readonly onTask?: (task: string) => void
  readonly onLine?: ((line: string) => void) | undefined
}

/** Runs the play on one machine. Throws `failed` with the most telling line, also after its time. */
export async function runPlay(play: Play, sshArguments: readonly string[], run: PlayRun): Promise<void> {
  const time = AbortSignal.timeout(run.timeoutSeconds * 1000)
  const signal = run.signal ? AbortSignal.any([run.signal, time]) : time
  const { failed, said, cause } = await runToEnd(playArguments(play, sshArguments), {
    signal,
    stopped: 'the delivery was stopped',
    asGroup: true,
    pidFile: run.pidFile,
    env: { ...run.env, ...playEnvironment(run.configFile, sshArguments) },
    onLine(line) {
      run.onLine?.(line)
      const task = ansibleTask(line)
      if (task !== undefined) run.onTask?.(task)
    },
  }).catch((error: unknown) => {
    if (!time.aborted || run.signal?.aborted) throw error
    throw new OperatorError('failed', `Ansible is not done after ${run.timeoutSeconds} s`, { cause: error })
  })
  if (failed) throw new OperatorError('failed', `Ansible failed: ${failureIn(said)}`, { cause })
}

function splitLast(text: string, separator: string): string[] {
  const at = text.lastIndexOf(separator)
  return at === -1 ? ['', text] : [text.slice(0, at), text.slice(at + separator.length)]
}
