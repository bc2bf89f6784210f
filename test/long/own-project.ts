import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Test } from 'tap'
import pack from '../../tasks/dev/pack.ts'
import { startLoad } from '../../tasks/tools/load.ts'

const repository = join(import.meta.dirname, '../..')

/**
 * A repository of somebody's with one of the examples, and the package as npm installs it. Its groups and images are gone
 * at the end of the test.
 */
export async function ownProject(t: Test, example: string, port: number) {
  // A folder as people have them; not below the clone, whose package.json would make it the project.
  const folder = join(mkdtempSync(join(tmpdir(), 'bakeroll-own-')), 'My shop')
  const url = `http://127.0.0.1:${port}`
  const env = { ...process.env, BAKEROLL_LOCAL_PORT: String(port), NODE_OPTIONS: '' }

  async function bakeroll(words: readonly string[], input?: string) {
    const all = ['bakeroll', ...words, '--json']
    const options = { cwd: folder, env, reject: false } as const
    const { exitCode, stdout, stderr } =
      input === undefined
        ? await execa('npx', all, { ...options, stdin: 'ignore' })
        : await execa('npx', all, { ...options, input })
    return { exitCode, facts: stdout === '' ? undefined : JSON.parse(stdout), stderr }
  }

  cpSync(join(repository, 'examples', example), folder, { recursive: true })
  cpSync(join(repository, 'examples/archive.py'), join(folder, 'archive.py'))
  const { facts } = await pack()
  await execa('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', String(facts['file'])], { cwd: folder })
  t.teardown(async () => {
    await bakeroll(['destroy', '--yes', '--images'])
    rmSync(join(folder, '..'), { recursive: true, force: true })
  })

  return {
    folder,
    url,
    bakeroll,
    async succeed(t: Test, words: readonly string[], facts: object = {}, input?: string) {
      const outcome = await bakeroll(words, input)
      t.match(outcome, { exitCode: 0, facts }, `${words.join(' ')}: ${outcome.stderr}`)
      t.comment(`${words.join(' ')}: ${outcome.facts?.seconds ?? ''} s`)
    },
    onMachine: (id: string, words: readonly string[]) =>
      execa('npx', ['bakeroll', 'ssh', '--instance', id, '--', ...words], { cwd: folder, env }),
    /** What `work` does while requests come in; none of them may fail. */
    async underLoad(t: Test, path: string, work: () => Promise<unknown>) {
      const load = startLoad({ url: `${url}${path}`, keptPerSecond: 12, newPerSecond: 6 })
      await work()
      const { sent, failed, failures } = await load.stop()
      t.ok(sent > 50, `${sent} requests`)
      t.equal(failed, 0, JSON.stringify(failures))
    },
  }
}
