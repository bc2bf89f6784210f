/**
 * Measures bakes on this computer: `node benchmarks/bake.ts [FOLDER]`. A release on its base layer against single-layer bakes
 * of the same release, as bakeroll runs Ansible and with plain Packer and Ansible. Takes a quarter of an hour under plain
 * emulation when FOLDER is a home that has the base layer, and writes benchmarks/results/bake.md and bake.json.
 */
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limitsAt } from '../tasks/lib/pace.ts'
import { contentFixture } from '../tasks/platforms/content-fixture.ts'
import { homeAt } from '../tasks/platforms/home.ts'
import { sourceOf } from '../tasks/platforms/local/bakery.ts'
import { type LayerTask, makeSource, openWork, provision } from '../tasks/platforms/local/layers.ts'
import { openPlainPaths } from '../tasks/platforms/plain-paths.ts'
import { roleVariables } from '../tasks/platforms/role-variables.ts'
import { callVerb, machine, measurements, seconds } from './measurements.ts'

const ownHome = join(tmpdir(), `bakeroll-benchmark-${process.pid}`)
const home = homeAt(process.argv[2] ?? ownHome)
const { record, write } = measurements()
const verb = (...words: string[]) => callVerb(home.folder, words)

/** The same image without layers: one Debian disk, one machine, all roles at once; the result is not tested. */
async function bakeSingleLayer(release: string): Promise<void> {
  const content = await contentFixture(release)
  const source = sourceOf({ suite: 'bookworm', diskGib: 4, content })
  const task: LayerTask = {
    home,
    release,
    variables: await roleVariables(content, join(home.folder, 'work', 'single-layer', 'files')),
    source,
    machine,
    limits: limitsAt(3),
    force: true,
    paths: await openPlainPaths(home, '.bake'),
    progress: { event() {}, live() {}, warn() {}, step: (_, work) => work() },
    signal: new AbortController().signal,
  }
  const work = await openWork(home, 'single-layer')
  const at = (name: string) => join(work.folder, name)
  const disk = { disk: at('source.qcow2'), kernel: at('vmlinuz'), initrd: at('initrd.img') }
  await makeSource(task, disk, work)
  await provision(task, work, 'base,release', disk)
  await rm(work.folder, { recursive: true })
  await task.paths.remove()
}

await verb('bake', '--release', '1.0.0')
const release = await seconds(() => verb('bake', '--release', '1.2.0'))
record('release bake on its base layer, tested', release, 150)
record('single-layer bake of the same release, not tested', await seconds(() => bakeSingleLayer('1.2.0')))
process.env['ANSIBLE_STRATEGY'] = 'linear'
const single = await seconds(() => bakeSingleLayer('1.2.0'))
record('the same by plain Packer and Ansible, without Mitogen', single)
record('release bake / single-layer bake by plain Packer and Ansible', release / single, 0.5, '')
process.stdout.write(write('bake'))
await rm(ownHome, { recursive: true, force: true })
