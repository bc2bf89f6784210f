import { shellWord } from '../../checker/shell-word.ts'
import { isInstalled } from './own.ts'

const variable = 'BAKEROLL_PROGRAM'

/** What is typed to call bakeroll where that is not `npm run`: `./bakeroll`, or `npx bakeroll` of the package. Taken out of the environment: what a verb starts calls it otherwise. */
export function takeProgramName(env: NodeJS.ProcessEnv): string | undefined {
  const name = env[variable]
  delete env[variable]
  if (name) return shellWord(name)
  return isInstalled ? 'npx bakeroll' : undefined
}

/** Texts say `npm run roll -- --surge 2`; this is the one place that words it for another way of calling. */
export function asCalled(text: string, program: string | undefined): string {
  if (program === undefined) return text
  return text.replace(
    /\bnpm (?:run (?:-s )?([a-z]+(?::[a-z]+)?|VERB)|(start)|(test))\b(?: --(?= |$))?/g,
    (_, verb: string | undefined, start: string | undefined) =>
      start === undefined ? `${program} ${verb ?? 'test'}` : program,
  )
}
