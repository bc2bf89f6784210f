import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureVenv } from '../../tasks/tools/python-venv.ts'
import { startKept } from './kept-process.ts'
import { quiet } from './settings.ts'

/** A server that speaks SSH and runs nothing: what Packer would do on a builder is written down. */
export interface SshServer {
  readonly port: number
  /** What it was asked to run so far; `script` is the text of the file that the command names. */
  commands(): { readonly command: string; readonly script: string }[]
  /** From now on a test of an image prints this and fails. */
  failTest(text: string): void
  stop(): void
}

/** Starts the server with its files in an empty folder. */
export async function startSshServer(folder: string): Promise<SshServer> {
  const bin = await ensureVenv('asyncssh', quiet)
  const argv = [join(import.meta.dirname, 'ssh-server.py'), folder]
  const server = startKept(join(bin, 'python'), argv)
  const [port] = await once(server.stdout, 'data')
  return {
    port: Number(String(port)),
    commands: () =>
      readFileSync(join(folder, 'commands'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    failTest: (text) => writeFileSync(join(folder, 'answer'), text),
    stop: () => void server.stop(),
  }
}
