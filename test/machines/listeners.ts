import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { testHome } from './verbs.ts'

/** A socket that a process of the suites' home listens on. */
export interface Listener {
  /** The process, by the first 15 letters of its program. */
  readonly program: string
  /** `127.0.0.1:8080`, `udp 0.0.0.0:123`, or the path of a UNIX socket. */
  readonly address: string
}

/** What listens now. Every process that a verb of the suites started, and what outlives it, has the home in its environment. */
export async function listeners(): Promise<Listener[]> {
  const [network, unix] = await Promise.all([execa('ss', ['-Hlntup']), execa('ss', ['-Hlnxp'])])
  const lines = [network, unix].flatMap(({ stdout }) => stdout.split('\n'))
  const found = await Promise.all(lines.map(listenersIn))
  return found.flat()
}

/** A line of `ss`: netid, state, queues, own address, the peer's, users. */
async function listenersIn(line: string): Promise<Listener[]> {
  const [netid, , , , own = ''] = line.trim().split(/\s+/)
  const address = netid === 'udp' ? `udp ${own}` : own
  const users = [...line.matchAll(/\("([^"]*)",pid=(\d+),fd=\d+\)/g)]
  const found = await Promise.all(
    users.map(async ([, program = '', pid = '']) =>
      (await isOurs(pid)) ? [{ program, address: await absolute(address, pid) }] : [],
    ),
  )
  return found.flat()
}

/** HAProxy names its socket as seen from the folder that it starts in, and at first by another name. */
async function absolute(address: string, pid: string): Promise<string> {
  const arguments_ = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
  const folder = arguments_[arguments_.indexOf('-C') + 1] ?? ''
  return address.startsWith('haproxy.sock') ? join(folder, address.replace(/\.\d+\.tmp$/, '')) : address
}

async function isOurs(pid: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  return environment.split('\0').includes(`BAKEROLL_HOME=${testHome}`)
}

/** What a watch saw, and which UNIX sockets of it another local user could connect to. */
export interface Watched {
  readonly found: readonly Listener[]
  readonly open: readonly string[]
}

/** Collects everything that listens at some time until it is told to stop. */
export function watchListeners(): { stop(): Promise<Watched> } {
  const seen = new Map<string, Listener>()
  const open: string[] = []
  const end = new AbortController()
  const watch = async () => {
    while (!end.signal.aborted) {
      for (const one of await listeners()) {
        const key = `${one.program} ${one.address}`
        if (!seen.has(key) && (await answersNobody(one.address))) open.push(one.address)
        seen.set(key, one)
      }
      await sleep(300)
    }
  }
  const watching = watch()
  return {
    async stop() {
      end.abort()
      await watching
      return { found: [...seen.values()], open }
    },
  }
}

/** What is not on the list that the docs give. */
export async function undocumented(found: readonly Listener[]): Promise<Listener[]> {
  const list = await documented()
  return found.filter(
    ({ program, address }) => !list.some((one) => one.program.startsWith(program) && matches(one.address, address)),
  )
}

/** The rows of the table: the program and the address, in code spans, in the first two columns. */
async function documented(): Promise<Listener[]> {
  const page = await readFile(join(import.meta.dirname, '../../docs/how-it-works.md'), 'utf8')
  const section = /^## What listens$([\s\S]*?)^## /m.exec(page)?.[1] ?? ''
  return [...section.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)].map(([, program = '', address = '']) => ({
    program,
    address,
  }))
}

/**
 * In the docs `HOME` stands for the home, `SCRATCH` for any folder, other words in capitals for any word, and `2222-4444` for
 * any such port.
 */
function matches(pattern: string, address: string): boolean {
  const [, low, high] = /:(\d+)-(\d+)$/.exec(pattern) ?? []
  const port = Number(/:(\d+)$/.exec(address)?.[1])
  if (low !== undefined && !(port >= Number(low) && port <= Number(high))) return false
  const text = literally(pattern.replace(/:\d+-\d+$/, ':PORT')).replace(
    /[A-Z]+/g,
    (word) => ({ HOME: literally(testHome), SCRATCH: '/.+' })[word] ?? '[^/:]+',
  )
  return new RegExp(`^${text}$`).test(address)
}

function literally(text: string): string {
  return text.replace(/[.*+?^$()[\]\\{}|]/g, '\\$&')
}

/** Only root can become somebody else. */
export const canTryAsNobody = process.getuid?.() === 0

/** Whether another local user can connect to a UNIX socket. */
async function answersNobody(address: string): Promise<boolean> {
  if (!canTryAsNobody || !address.startsWith('/')) return false
  const code = 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])'
  const asNobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'python3', '-c', code, address]
  return (await execa('setpriv', asNobody, { reject: false })).exitCode === 0
}
