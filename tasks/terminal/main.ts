import { join } from 'node:path'
import { takeProgramName } from './program-name.ts'
import { runCommandLine } from './run.ts'
import { endWith } from './streams.ts'

const repository = join(import.meta.dirname, '../..')

await endWith(() =>
  runCommandLine({
    argv: process.argv.slice(2),
    program: takeProgramName(process.env),
    env: process.env,
    workingFolder: process.env.INIT_CWD ?? process.cwd(),
    repository,
    loadTask: async (verb) => (await import(`../${verb.replace(':', '-')}.ts`)).default,
  }),
)
