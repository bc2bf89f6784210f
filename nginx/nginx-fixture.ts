import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { freePort } from '../app/http-fixture.ts'
import { type WantedNginx, writeNginx } from './nginx.ts'

export const nginxProgram = '/usr/sbin/nginx'

/** For tap's `skip`: false when nginx is installed, else the reason. */
export const nginxMissing = existsSync(nginxProgram) ? false : `${nginxProgram} is not installed`

/** A real, unprivileged nginx with the rendered files in its own folder. */
export interface RunningNginx {
  url: string
  /** Lets nginx finish its requests, stops it and returns the lines of its access log. */
  accessLog(): Promise<string[]>
}

/** Writes everything that nginx needs to run in `folder` as the current user. */
export async function nginxIn(folder: string, service: FixtureService): Promise<NginxCommand> {
  const settings: WantedNginx = {
    release: '1.4.0',
    listenHost: '127.0.0.1',
    listenPort: await freePort(),
    webRoot: join(folder, 'www'),
    user: userInfo().username,
    pidFile: join(folder, 'nginx.pid'),
    accessLog: join(folder, 'access.log'),
    errorLog: join(folder, 'error.log'),
    temporaryFolder: folder,
    workerConnections: 64,
    openFiles: 256,
    // Longer than a busy computer pauses between two requests of a test.
    upstreamKeepaliveSeconds: 60,
    ...service,
  }
  const [configuration = ''] = await writeNginx(join(folder, 'nginx'), settings)
  await mkdir(join(folder, 'www'), { recursive: true })
  await writeFile(join(folder, 'www/version.txt'), '1.4.0\n')
  return {
    url: `http://127.0.0.1:${settings.listenPort}`,
    program: nginxProgram,
    args: ['-p', folder, '-c', configuration, '-e', join(folder, 'error.log')],
  }
}

/** What differs between services. */
export type FixtureService = Partial<WantedNginx> & Pick<WantedNginx, 'upstreamPort'>

interface NginxCommand {
  url: string
  program: string
  args: string[]
}

/** Starts nginx in front of `service` and waits until it serves; stops it when the test ends. */
export async function startNginx(t: Test, service: FixtureService): Promise<RunningNginx> {
  const folder = t.testdir()
  const { url, program, args } = await nginxIn(folder, service)
  // Notices on stderr show when the workers start, which is after the port was opened.
  const foreground = ['-g', 'daemon off; error_log stderr notice;']
  const child = spawn(program, [...args, ...foreground], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exited
  })
  const said: string[] = []
  const lines = createInterface({ input: child.stderr })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line)
      if (line.includes('start worker process ')) resolve()
    })
    lines.on('close', () => reject(new Error(`nginx ended: ${said.join('\n')}`)))
  })
  return {
    url,
    async accessLog() {
      child.kill('SIGQUIT')
      await exited
      return (await readFile(join(folder, 'access.log'), 'utf8')).trimEnd().split('\n')
    },
  }
}
