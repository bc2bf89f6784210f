import { execFile } from 'node:child_process'
import { programIn } from '../programs.ts'

/** This user's crontab; each character is one byte. */
export interface Crontab {
  read(): Promise<string>
  write(text: string): Promise<void>
}

/** Uses the program `crontab`; throws if it is not installed. */
export function openCrontab(): Crontab {
  const program = programIn('crontab')
  if (program === undefined) {
    throw new Error('crontab is not installed; install cron (Debian: apt-get install cron), or use systemd')
  }
  return {
    async read() {
      const { code, stdout, stderr } = await run(program, ['-l'])
      if (code === 0) return stdout
      if (/\bno crontab\b/i.test(stderr)) return ''
      throw new Error(`crontab -l: ${stderr.trim() || `exit code ${code}`}`)
    },
    async write(text) {
      const { code, stderr } = await run(program, ['-'], text)
      if (code !== 0) throw new Error(`crontab -: ${stderr.trim() || `exit code ${code}`}`)
    },
  }
}

interface Ended {
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

function run(program: string, argv: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: 'C' }
    const child = execFile(program, argv, { encoding: 'latin1', env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr: stderr || (error?.message ?? '') })
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(Buffer.from(input, 'latin1'))
  })
}
