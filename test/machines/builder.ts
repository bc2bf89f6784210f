import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { homeAt } from '../../tasks/platforms/home.ts'
import { baseFiles, imageRecord } from '../../tasks/platforms/local/images.ts'
import {
  instanceFiles,
  launchInstance,
  type MachineSettings,
  terminateInstance,
} from '../../tasks/platforms/local/instances.ts'
import { operatorKey } from '../../tasks/platforms/operator-key.ts'
import { stopProcess } from '../../tasks/tools/process.ts'
import { chooseAccelerator, startMachine } from '../../tasks/tools/qemu.ts'
import { testHome } from './verbs.ts'

/** A real machine that stands for every EC2 instance that Packer launches: what a bake does to one, it does to this. */
export interface Builder {
  readonly host: string
  readonly sshPort: number
  readonly httpPort: number
  readonly privateKeyFile: string
  /** Off and on again, with the same disk: what an instance made from it now would be. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const settings: MachineSettings = {
  accelerator: chooseAccelerator('auto').accelerator,
  cpus: 2,
  memoryMib: 1536,
  network: 'closed',
}

/** Starts the machine from an image of the local platform. */
export async function startBuilder(imageId: string): Promise<Builder> {
  const home = homeAt(testHome)
  const folder = join(home.folder, 'work', 'aws-builder')
  await mkdir(folder, { recursive: true })
  const { id, host, sshPort, httpPort } = await launchInstance(home, folder, imageId, settings)
  const files = instanceFiles(folder, id)
  const { kernel, initrd } = baseFiles(home, imageRecord(home, imageId).base)
  const forwards = [
    { host, port: httpPort, to: 80 },
    { host, port: sshPort, to: 22 },
  ]
  const machine = { ...settings, kernel, initrd, forwards, name: `bakeroll ${id}` }
  return {
    host,
    sshPort,
    httpPort,
    privateKeyFile: (await operatorKey(home)).privateKeyFile,
    async restart() {
      await stopProcess(files.pidFile)
      const { disk, console: consoleFile, pidFile, metadata: metadataFile } = files
      await startMachine({ ...machine, disk, consoleFile, pidFile, metadataFile })
    },
    async stop() {
      await terminateInstance(folder, id)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
