// needs: local
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'

const repository = join(import.meta.dirname, '..')

/** A home with a group without instances, and images as `id: base`. */
function homeWith(t: Test, images: Readonly<Record<string, string>>): string {
  const home = join(t.testdir(), 'home')
  const write = (path: string, content: object | string) => {
    mkdirSync(join(home, path, '..'), { recursive: true, mode: 0o700 })
    writeFileSync(join(home, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
  write('groups/timeapp/group.json', { imageId: 'one', size: 2, port: 18_099 })
  for (const [id, base] of Object.entries(images)) {
    const record = {
      id,
      release: id,
      createdAt: '2026-01-01T00:00:00Z',
      verified: true,
      contentHash: id,
      base,
      digests: {},
    }
    write(`images/${id}/image.json`, record)
    write(`images/${id}/disk.qcow2`, '')
    write(`bases/${base}/disk.qcow2`, '')
  }
  return home
}

const destroy = (home: string, ...flags: string[]) => verb(home, 'destroy', ...flags)

const verb = (home: string, ...words: string[]) =>
  execa('sh', ['tasks/run.sh', ...words], {
    cwd: repository,
    stdin: 'ignore',
    reject: false,
    env: { NODE_OPTIONS: '', BAKEROLL_HOME: home },
  })

t.test('the question names everything that goes, the base layer too', async (t) => {
  const home = homeWith(t, { one: 'a-1', two: 'a-1' })
  const { exitCode, stderr } = await destroy(home, '--images')
  t.equal(exitCode, 3)
  t.match(stderr, /Remove group timeapp with 0 instances, 2 images and their base layer\?/)
  t.ok(existsSync(join(home, 'bases/a-1')), 'nothing was touched')
  t.match((await destroy(home)).stderr, /Remove group timeapp with 0 instances\?/, 'without --images the images stay')
})

t.test('with --yes the log and the result name it, and it is gone', async (t) => {
  const home = homeWith(t, { one: 'a-1', two: 'a-1' })
  const { exitCode, stderr, stdout } = await destroy(home, '--images', '--yes')
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /removing group timeapp with 0 instances, 2 images and their base layer/)
  t.match(stdout, /^removed timeapp, (one, two|two, one), base layer a-1$/)
  for (const path of ['images/one', 'images/two', 'bases/a-1', 'groups/timeapp']) t.notOk(existsSync(join(home, path)))
})

t.test('the images of another service in the same home are not touched, listed or not', async (t) => {
  const home = homeWith(t, { one: 'a-1', two: 'a-2' })
  const record = join(home, 'images/two/image.json')
  writeFileSync(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), service: 'blog' }))
  const { stdout } = await verb(home, 'images')
  t.match(stdout, /^IMAGE .*SERVICE[\s\S]*\ntwo +two +blog /)
  t.match(await verb(home, 'images', '--retire', '--keep', '0', '--dry-run'), { stdout: 'nothing to remove' })
  const refused = await verb(home, 'deploy', '--image', 'two', '--size', '2')
  t.match(refused, { exitCode: 2, stderr: 'image two is of the service blog, not of timeapp' })
  t.match(await destroy(home, '--images', '--yes'), { exitCode: 0, stdout: 'removed timeapp, one, base layer a-1' })
  t.ok(existsSync(join(home, 'images/two')))
})
