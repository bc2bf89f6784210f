import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { checkPacker, hasOwnPlugins, missingPlugins, neededPlugins, packerVersion } from './packer-plugins.ts'
import { onPath } from './path-fixture.ts'

const folder = '/home/u/.config/packer/plugins'

interface Plugin {
  readonly source: string
  readonly version: string
}

/** A `packer` of this version with these plugins, which it lists as 1.10 and later do. */
function packer(version: string, plugins: readonly Plugin[]): string {
  const files = plugins.map(({ source, version }) => {
    return `${folder}/${source}/packer-plugin-${basename(source)}_v${version}_x5.0_linux_amd64`
  })
  return `case $1 in version) echo 'Packer v${version}';; plugins) printf '%s\\n' ${files.join(' ')};; *) exit 1;; esac`
}

t.test('knows which versions have separate plugins', async (t) => {
  for (const [version, expected] of [
    ['1.6.6', false],
    ['1.9.5', false],
    ['1.10.0', true],
    ['1.15.0', true],
    ['2.0.0', true],
  ] as const) {
    t.equal(hasOwnPlugins(version), expected, version)
  }
})

t.test("Debian's Packer needs no plugins, newer ones name what is missing", async (t) => {
  onPath(t, { packer: packer('1.6.6', []) })
  t.equal(await packerVersion(), '1.6.6')
  await checkPacker()
  onPath(t, { packer: packer('1.15.0', neededPlugins) })
  t.strictSame(await missingPlugins('1.15.0'), [])
  await checkPacker()
  const [amazon, ansible, qemu] = neededPlugins
  const others = [ansible, { ...amazon, source: 'github.com/other/amazon' }, { ...qemu, version: `${qemu.version}0` }]
  onPath(t, { packer: packer('1.15.0', others) })
  await t.rejects(checkPacker(), {
    kind: 'refused',
    message: `Packer 1.15.0 misses github.com/hashicorp/amazon ${amazon.version}, github.com/hashicorp/qemu ${qemu.version}`,
    hint: 'packer init packer/plugins',
  })
})

t.test('without Packer, says that it is not installed', async (t) => {
  const { PATH } = process.env
  process.env['PATH'] = t.testdir()
  t.teardown(() => {
    process.env['PATH'] = PATH
  })
  t.equal(await packerVersion(), undefined)
  await t.rejects(checkPacker(), { kind: 'refused', message: 'packer is not installed', hint: 'npm run doctor' })
})

t.test('the file for `packer init` requires the same plugins', async (t) => {
  const file = readFileSync(join(import.meta.dirname, '../../packer/plugins/plugins.pkr.hcl'), 'utf8')
  const asked = file.matchAll(/source += "(.*)"\s+version += "= (.*)"/g)
  t.strictSame(
    Array.from(asked, ([, source, version]) => ({ source, version })),
    neededPlugins,
  )
})
