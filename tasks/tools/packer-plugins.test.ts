import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkPacker, hasOwnPlugins, missingPlugins, neededPlugins, packerVersion } from './packer-plugins.ts'
import { onPath } from './path-fixture.ts'

const folder = '/home/u/.config/packer/plugins'

/** A `packer` of this version with these plugins. */
function packer(version: string, plugins: readonly string[]): string {
  const files = plugins.map((plugin) => `${folder}/${plugin}/packer-plugin-x_v1.2.3_x5.0_linux_amd64`)
  return `case $1 in version) echo 'Packer v${version}';; plugins) printf '%s\\n' ${files.join(' ')};; *) exit 1;; esac`
}

t.test('which versions have plugins of their own', async (t) => {
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

t.test("Debian's needs none, newer ones name what is missing", async (t) => {
  onPath(t, { packer: packer('1.6.6', []) })
  t.equal(await packerVersion(), '1.6.6')
  await checkPacker()
  onPath(t, { packer: packer('1.15.0', neededPlugins) })
  t.strictSame(await missingPlugins('1.15.0'), [])
  await checkPacker()
  onPath(t, { packer: packer('1.15.0', ['github.com/hashicorp/ansible', 'github.com/other/amazon']) })
  await t.rejects(checkPacker(), {
    kind: 'refused',
    message: 'Packer 1.15.0 misses github.com/hashicorp/amazon, github.com/hashicorp/qemu',
    hint: 'packer init packer/plugins',
  })
})

t.test('without packer', async (t) => {
  const { PATH } = process.env
  process.env['PATH'] = t.testdir()
  t.teardown(() => {
    process.env['PATH'] = PATH
  })
  t.equal(await packerVersion(), undefined)
  await t.rejects(checkPacker(), { kind: 'refused', message: 'packer is not installed', hint: 'npm run doctor' })
})

t.test('the file for `packer init` asks for the same', async (t) => {
  const file = readFileSync(join(import.meta.dirname, '../../packer/plugins/plugins.pkr.hcl'), 'utf8')
  t.strictSame(Array.from(file.matchAll(/source += "(.*)"/g), ([, source]) => source).sort(), neededPlugins)
})
