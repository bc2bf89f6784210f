import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { type NginxText, type WantedNginx, writeNginx } from './nginx.ts'

/**
 * The error that this computer's nginx reports in the user's lines or template, with file and line. Undefined when it finds
 * none or is not installed. It may know other directives than the image's nginx: a warning, not a verdict.
 */
export async function nginxComplaint(settings: WantedNginx): Promise<string | undefined> {
  const own = settings.template ?? settings.lines
  if (own === undefined) return undefined
  // Not tmpdir: nginx cannot read a path that contains a blank.
  const folder = await mkdtemp('/tmp/bakeroll-nginx-')
  try {
    const [file = ''] = await writeNginx(folder, { ...settings, ...placesIn(folder) })
    const log = join(folder, 'error.log')
    const PATH = [process.env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter)
    const argv = ['-t', '-q', '-p', folder, '-c', file, '-e', log]
    const { stderr } = await execa('nginx', argv, { env: { PATH }, reject: false, stdin: 'ignore', timeout: 10_000 })
    return complaintIn(stderr ?? '', file, await readFile(file, 'utf8'), own)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function placesIn(folder: string): Partial<WantedNginx> {
  return {
    user: process.getuid?.() === 0 ? 'root' : 'nobody',
    pidFile: join(folder, 'nginx.pid'),
    accessLog: join(folder, 'access.log'),
    errorLog: join(folder, 'error.log'),
    temporaryFolder: folder,
  }
}

/** The output of `nginx -t` on the rendered `file`. A file or host that is missing here may exist on an instance. */
function complaintIn(said: string, file: string, rendered: string, own: NginxText): string | undefined {
  for (const [, words = '', place, line] of said.matchAll(/\[emerg\] (?:\d+#\d+: )?(.+) in (\S+):(\d+)$/gm)) {
    if (place !== file || /\(\d+: |host not found/.test(words)) continue
    const wanted = rendered.split('\n')[Number(line) - 1]?.trim()
    const at = own.text.split('\n').findIndex((text) => text.trim() === wanted)
    if (at !== -1) return `${own.file}:${at + 1}: ${words}`
  }
  return undefined
}
