// needs: aws, .venv/moto
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { StopInstancesCommand } from '@aws-sdk/client-ec2'
import t from 'tap'
import { openAccess } from '../../tasks/platforms/aws/access/access.ts'
import { openAwsPlatform } from '../../tasks/platforms/aws/aws.ts'
import { openAws } from '../../tasks/platforms/aws/clients.ts'
import { openInfrastructure } from '../../tasks/platforms/aws/infrastructure/infrastructure.ts'
import { namesOf } from '../../tasks/platforms/aws/names.ts'
import { platformContract } from '../contract.ts'
import { registerImage } from './image.ts'
import { startMoto } from './moto.ts'
import { awsSettings, quiet } from './settings.ts'

const moto = await startMoto()
Object.assign(process.env, moto.env)
t.teardown(moto.stop)
const aws = openAws({ region: undefined, profile: undefined })
const group = 'contract'
const home = t.testdir()

function open() {
  // No instance before the contract launches one.
  const settings = awsSettings({ serviceParameters: new Map([['MinSize', '0']]) })
  const infrastructure = openInfrastructure({ aws, names: namesOf(group), home, settings })
  const access = openAccess({ aws, mode: 'none', home, group, profile: undefined })
  const launch = { timeoutSeconds: 20, pollMs: 50 }
  return openAwsPlatform({ aws, group, url: undefined, access, infrastructure, launch, progress: quiet })
}

async function eventually<T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 100; tries++) {
    const found = await check()
    if (found) return found
    await sleep(100)
  }
  throw new Error(`not so: ${what}`)
}

await platformContract(t, {
  name: 'aws',
  open,
  imageIds: [await registerImage(aws, '1.0.0'), await registerImage(aws, '1.1.0')],
  eventually,
  hasMachines: false,
  killMachine: async ({ id }) => {
    await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))
  },
  lockAndDie: async (verb) => {
    const modules = ['clients', 'group/lock', 'names'].map((name) =>
      JSON.stringify(new URL(`../../tasks/platforms/aws/${name}.ts`, import.meta.url).href),
    )
    const code = `
      const [{ openAws }, { takeLock }, { namesOf }] = await Promise.all([${modules.map((one) => `import(${one})`)}])
      await takeLock(openAws({}), namesOf('${group}'), ${JSON.stringify(verb)})
      process.kill(process.pid, 'SIGKILL')`
    await once(spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' }), 'exit')
  },
})
