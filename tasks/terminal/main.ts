import { join } from 'node:path'
import { takeProgramName } from '../settings/program-name.ts'
import { verbs } from '../settings/verbs.ts'
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
    loadTask: async (verb) => {
      const folder = verbs[verb].development ? 'dev' : 'verbs'
      return (await import(`../${folder}/${verb.replace(':', '-')}.ts`)).default
    },
  }),
)
