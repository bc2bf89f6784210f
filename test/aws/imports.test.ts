import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'

const repository = join(import.meta.dirname, '../..')

/** The scripts that a verb loads, by their urls, as V8's coverage tells them. */
async function loadedBy(t: Test, ...words: string[]): Promise<string[]> {
  const folder = t.testdir({ coverage: {}, home: {} })
  const env = { NODE_V8_COVERAGE: join(folder, 'coverage'), BAKEROLL_HOME: join(folder, 'home') }
  await execa(process.execPath, [join(repository, 'tasks/terminal/main.ts'), ...words], { env, reject: false })
  const files = await readdir(env.NODE_V8_COVERAGE)
  const reports = await Promise.all(files.map((file) => readFile(join(env.NODE_V8_COVERAGE, file), 'utf8')))
  return reports.flatMap((text) => JSON.parse(text).result.map(({ url }: { url: string }) => url))
}

t.test('the AWS clients are loaded by nothing but the verbs of the aws platform', async (t) => {
  for (const words of [['--help'], ['status'], ['images'], ['deploy', '--plan']]) {
    const urls = await loadedBy(t, ...words)
    t.ok(urls.some((url) => url.endsWith('/tasks/terminal/main.ts')))
    t.same(
      urls.filter((url) => /@aws-sdk|@smithy|platforms\/aws/.test(url)),
      [],
      words.join(' '),
    )
  }
})
