import { sourceSuffix } from '../settings/own.ts'
import { takeProgramName } from '../settings/program-name.ts'
import { projectOf } from '../settings/project.ts'
import { verbs } from '../settings/verbs.ts'
import { runCommandLine } from './run.ts'
import { endWith } from './streams.ts'

const workingFolder = process.env.INIT_CWD ?? process.cwd()

await endWith(() =>
  runCommandLine({
    argv: process.argv.slice(2),
    program: takeProgramName(process.env),
    env: process.env,
    workingFolder,
    project: projectOf(workingFolder),
    loadTask: async (verb) => {
      const folder = verbs[verb].development ? 'dev' : 'verbs'
      return (await import(`../${folder}/${verb.replace(':', '-')}${sourceSuffix}`)).default
    },
  }),
)
