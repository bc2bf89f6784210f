// needs: aws, .venv/moto
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import t from 'tap'
import { openAws } from '../../tasks/platforms/aws/clients.ts'
import { lockOwnerOf, takeLock } from '../../tasks/platforms/aws/group/lock.ts'
import { namesOf } from '../../tasks/platforms/aws/names.ts'
import { startMoto } from './moto.ts'

const moto = await startMoto()
Object.assign(process.env, moto.env)
t.teardown(moto.stop)
const aws = openAws({ region: undefined, profile: undefined })
const quick = { renewSeconds: 0.2, staleAfterSeconds: 1.5 }

/** The lock of a client on another computer that was never heard of again. */
async function lockFromAfar(group: string, number = 1): Promise<void> {
  const holder = { verb: 'roll', owner: 'ann@far', since: new Date().toISOString(), host: 'far', pid: 1 }
  const Name = `${namesOf(group).lockPath}/${number}`
  await aws.ssm.send(new PutParameterCommand({ Name, Value: JSON.stringify(holder), Type: 'String' }))
}

t.test('of many that try at once at most one gets it, and afterwards it is free', async (t) => {
  const names = namesOf('crowd')
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(aws, names, 'roll')))
  const held = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  t.ok(held.length <= 1, `${held.length} hold it`)
  for (const one of tries) if (one.status === 'rejected') t.match(one.reason, { kind: 'refused' })
  for (const lock of held) await lock.release()
  t.equal(await lockOwnerOf(aws, names), undefined)
  await (await takeLock(aws, names, 'heal')).release()
})

t.test(
  'a lock of another computer holds while it is young, and is taken over by one client when it is stale',
  async (t) => {
    const names = namesOf('stale')
    await lockFromAfar('stale')
    await t.rejects(takeLock(aws, names, 'heal', quick), {
      kind: 'refused',
      message: /^roll has been running .* \(ann@far\)/,
    })
    await sleep(2500)
    t.equal(await lockOwnerOf(aws, names, quick), undefined)
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => takeLock(aws, names, 'heal', quick)))
    const held = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    t.ok(held.length <= 1, `${held.length} hold it`)
    const lock = held[0] ?? (await takeLock(aws, names, 'heal', quick))
    t.match(lock.takenOver, { verb: 'roll', owner: 'ann@far' })
    await lock.release()
  },
)

t.test('a holder that works on stays the holder, however long it takes', async (t) => {
  const names = namesOf('long')
  const lock = await takeLock(aws, names, 'roll', quick)
  await sleep(3000)
  t.match(await lockOwnerOf(aws, names, quick), { verb: 'roll' })
  lock.assertHeld()
  await lock.release()
})

t.test('a holder that slept until its lock was taken over learns it, and frees nothing of the new one', async (t) => {
  const names = namesOf('slept')
  const times = { renewSeconds: 2, staleAfterSeconds: 180 }
  const lock = await takeLock(aws, names, 'roll', times)
  await lockFromAfar('slept', 2)
  const { DeleteParametersCommand } = await import('@aws-sdk/client-ssm')
  await aws.ssm.send(new DeleteParametersCommand({ Names: [`${names.lockPath}/1`] }))
  await sleep(3000)
  t.throws(() => lock.assertHeld(), { kind: 'interrupted', message: /taken over by roll by ann@far/ })
  await lock.release()
  t.match(await lockOwnerOf(aws, names), { owner: 'ann@far' })
})

t.test('the lock of a process whose id was used again is free at once', async (t) => {
  const names = namesOf('again')
  const since = new Date().toISOString()
  const holder = { verb: 'roll', owner: 'x', since, host: hostname(), pid: process.pid, started: '1', token: 'x' }
  const parameter = { Name: `${names.lockPath}/1`, Type: 'String', Overwrite: true } as const
  await aws.ssm.send(new PutParameterCommand({ ...parameter, Value: JSON.stringify(holder) }))
  t.equal(await lockOwnerOf(aws, names), undefined)
  const unknown = { ...holder, started: undefined }
  await aws.ssm.send(new PutParameterCommand({ ...parameter, Value: JSON.stringify(unknown) }))
  t.match(
    await lockOwnerOf(aws, names),
    { verb: 'roll' },
    'an earlier version wrote no start time: the id alone counts',
  )
})

t.test('the lock of a process of this computer that died is free at once', async (t) => {
  const names = namesOf('died')
  const modules = ['clients', 'group/lock', 'names'].map((name) =>
    JSON.stringify(new URL(`../../tasks/platforms/aws/${name}.ts`, import.meta.url).href),
  )
  const code = `
    const [{ openAws }, { takeLock }, { namesOf }] = await Promise.all([${modules.map((one) => `import(${one})`)}])
    await takeLock(openAws({}), namesOf('died'), 'bake')
    process.kill(process.pid, 'SIGKILL')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' })
  await once(child, 'exit')
  const lock = await takeLock(aws, names, 'roll')
  t.match(lock.takenOver, { verb: 'bake' })
  await lock.release()
})
