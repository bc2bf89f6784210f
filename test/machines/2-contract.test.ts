// needs: machines, ps, ss, .venv/mitogen
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { limitsAt } from '../../tasks/lib/pace.ts'
import { homeAt } from '../../tasks/platforms/home.ts'
import { instanceFiles, type MachineSettings } from '../../tasks/platforms/local/instances.ts'
import { openLocalPlatform } from '../../tasks/platforms/local/local.ts'
import { takeLock } from '../../tasks/platforms/local/lock.ts'
import { ownProcess } from '../../tasks/tools/process.ts'
import { chooseAccelerator } from '../../tasks/tools/qemu.ts'
import { platformContract } from '../contract.ts'
import { eventually, runVerb, testHome, testPort } from './verbs.ts'

const home = homeAt(testHome)
const group = 'contract'
const folder = join(home.groups, group)
const { accelerator } = chooseAccelerator('auto')
const machine: MachineSettings = { accelerator, cpus: 2, memoryMib: 768, network: 'closed' }

async function imageId(release: string): Promise<string> {
  const { facts } = await runVerb('bake', '--release', release)
  return facts.image
}

async function kill(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error('there is no process to kill')
  process.kill(pid, 'SIGKILL')
  await eventually('the process is gone', async () => {
    const { stdout } = await execa('ps', ['-o', 'stat=', '-p', String(pid)], { reject: false })
    return stdout === '' || stdout.startsWith('Z')
  })
}

await platformContract(t, {
  name: 'local',
  open: () =>
    openLocalPlatform({
      home,
      group,
      port: testPort,
      machine,
      healthPath: '/healthz',
      answerTimeoutSeconds: 10,
      limits: () => limitsAt(6),
    }),
  imageIds: [await imageId('1.0.0'), await imageId('1.1.0')],
  eventually,
  killMachine: async ({ id }) => {
    const { pidFile } = instanceFiles(folder, id)
    await kill(ownProcess(pidFile, pidFile))
  },
  stopLoadBalancer: async () => {
    await kill(ownProcess(join(folder, 'haproxy.pid'), join(folder, 'haproxy.cfg')))
  },
  lockAndDie: async (verb) => {
    const lockModule = JSON.stringify(new URL('../../tasks/platforms/local/lock.ts', import.meta.url).href)
    const code = `(await import(${lockModule})).takeLock(${JSON.stringify(join(home.folder, 'locks', group))}, ${JSON.stringify(verb)})`
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', `await ${code}; process.kill(process.pid, 'SIGKILL')`],
      {
        env: { PATH: process.env.PATH },
        stdio: 'inherit',
      },
    )
    await once(child, 'exit')
  },
})

t.test('a lock file that says nonsense is no owner', async (t) => {
  const file = join(t.testdir({ lock: '{"pid": 12' }), 'lock')
  const takenMs = Date.now()
  const lock = await takeLock(file, 'roll')
  const refusal = await takeLock(file, 'heal').catch((error) => error)
  t.match(refusal, { kind: 'refused', message: /^roll has been running for \d+ s/ })
  const age = Number(/for (\d+) s/.exec(refusal.message)?.[1])
  // The age is rounded.
  t.ok(age * 1000 <= Date.now() - takenMs + 500, `${age} s: it counts from when it was taken`)
  await lock.release()
  await (await takeLock(file, 'heal')).release()
})
