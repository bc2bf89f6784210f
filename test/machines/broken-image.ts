import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { execa } from 'execa'
import { testHome } from './verbs.ts'

/** Makes an image out of another one whose nginx can never start, and says of it that it was verified. Gives its id. */
export async function makeBrokenImage(ofId: string, release: string): Promise<string> {
  const id = `${release}-broken`
  const [from, to] = [join(testHome, 'images', ofId), join(testHome, 'images', id)]
  const raw = join(testHome, 'work', 'broken.raw')
  await rm(to, { recursive: true, force: true })
  await mkdir(to, { recursive: true })
  try {
    await execa('qemu-img', ['convert', '-O', 'raw', join(from, 'disk.qcow2'), raw])
    // By its plain name: in a path, it would take a question mark for the beginning of options. And it fails with exit 0.
    const debugfs = (...args: string[]) => execa('debugfs', [...args, basename(raw)], { cwd: dirname(raw), all: true })
    await debugfs('-w', '-R', 'rm /etc/nginx/nginx.conf')
    const { all } = await debugfs('-R', 'stat /etc/nginx/nginx.conf')
    if (!/File not found/.test(all)) throw new Error(`nginx.conf is still there: ${all}`)
    await execa('qemu-img', ['convert', '-O', 'qcow2', raw, join(to, 'disk.qcow2')])
  } finally {
    await rm(raw, { force: true })
  }
  const record = JSON.parse(await readFile(join(from, 'image.json'), 'utf8'))
  await writeFile(
    join(to, 'image.json'),
    JSON.stringify({ ...record, id, release, createdAt: new Date(0).toISOString() }),
  )
  return id
}
