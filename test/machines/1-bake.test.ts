// needs: machines, ps, ss, .venv/mitogen

import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { defaultSettings } from '../../checker/options/settings.ts'
import { contentFixture } from '../../tasks/platforms/content-fixture.ts'
import { homeAt } from '../../tasks/platforms/home.ts'
import { launchInstance, terminateInstance } from '../../tasks/platforms/local/instances.ts'
import { operatorKey } from '../../tasks/platforms/operator-key.ts'
import { openPlainPaths } from '../../tasks/platforms/plain-paths.ts'
import { roleVariables } from '../../tasks/platforms/role-variables.ts'
import { silentProgress } from '../../tasks/terminal/progress.ts'
import { mitogenEnvironment } from '../../tasks/tools/mitogen.ts'
import { probeInstance } from '../../tasks/tools/probe.ts'
import { chooseAccelerator } from '../../tasks/tools/qemu.ts'
import { canTryAsNobody, undocumented, watchListeners } from './listeners.ts'
import { eventually, runVerb, testHome } from './verbs.ts'

const releases = ['1.0.0', '1.1.0'] as const
const watch = watchListeners()
let isBaked = false

for (const release of releases) {
  t.test(`release ${release} is baked once, tested, and recognised from then on`, async (t) => {
    const first = await runVerb('bake', '--release', release)
    t.equal(first.exitCode, 0, first.stderr)
    t.match(first.facts, { ok: true, release, verified: true })
    isBaked ||= !first.facts.reused
    const again = await runVerb('bake', '--release', release)
    t.match(again.facts, { ok: true, image: first.facts.image, release, reused: true, verified: true })
  })
}

t.test('whatever listened during a bake is on the list of the docs', async (t) => {
  const { found, open } = await watch.stop()
  t.same(await undocumented(found), [])
  t.same(open, [], 'UNIX sockets that another user could connect to', { skip: !canTryAsNobody && 'only root can try' })
  // Images of an earlier run of the suites are baked no more.
  const builders = found.filter(({ program, address }) => program.startsWith('qemu') && /^127\.0\.0\.1:/.test(address))
  t.equal(builders.length > 0, isBaked, 'the builders were seen')
})

t.test('a release that was not baked is planned, and nothing is touched', async (t) => {
  const before = await runVerb('images')
  const { facts } = await runVerb('bake', '--release', '9.9.9', '--plan')
  t.match(facts, { ok: true, steps: [/^bake release 9\.9\.9 on the base layer/, /^boot and test/] })
  t.same((await runVerb('images')).facts, before.facts)
})

t.test('the images are listed, newest first, and nothing uses them yet', async (t) => {
  const { facts } = await runVerb('images')
  const listed = facts.images.filter(({ release }: { release: string }) => releases.some((one) => one === release))
  t.match(listed, [
    { release: '1.1.0', verified: true, current: false, usedBy: [] },
    { release: '1.0.0', verified: true, current: false, usedBy: [] },
  ])
})

t.test('the roles change nothing on an instance of the image that they made', async (t) => {
  const release = releases[0]
  const { facts } = await runVerb('bake', '--release', release)
  const home = homeAt(testHome)
  const folder = join(home.folder, 'work', 'idempotence')
  await mkdir(folder, { recursive: true })
  const { accelerator } = chooseAccelerator('auto')
  const instance = await launchInstance(home, folder, facts.image, {
    accelerator,
    cpus: 2,
    memoryMib: 768,
    network: 'closed',
  })
  t.teardown(async () => {
    await terminateInstance(folder, instance.id)
    await rm(folder, { recursive: true })
  })
  const url = `http://${instance.host}:${instance.httpPort}`
  await eventually('the service answers', async () => (await probeInstance(url, release, defaultSettings)).ok)
  const variables = {
    ...(await roleVariables(await contentFixture(release), join(folder, 'files'))),
    ansible_ssh_private_key_file: (await operatorKey(home)).privateKeyFile,
    ansible_user: 'admin',
    ansible_port: String(instance.sshPort),
  }
  const paths = await openPlainPaths(home, '.idempotence')
  t.teardown(paths.remove)
  const extraVars = join(paths.scratchFolder, 'variables.json')
  await writeFile(extraVars, JSON.stringify(paths.ofAll(variables)))
  const mitogen = await mitogenEnvironment(silentProgress())
  const { stdout } = await execa(
    'ansible-playbook',
    [`--inventory=${instance.host},`, `--extra-vars=@${extraVars}`, 'ansible/site.yml'],
    { env: { ...mitogen, ANSIBLE_CONFIG: 'ansible/ansible.cfg', ANSIBLE_NOCOLOR: '1' }, reject: false },
  )
  const recap =
    stdout
      .match(/ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)/)
      ?.slice(1)
      .map(Number) ?? []
  const [ok = 0, ...others] = recap
  t.same(others, [0, 0, 0], stdout)
  t.ok(ok > 20, 'all roles ran')
})
