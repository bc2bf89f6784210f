import { shellWord } from '../../checker/shell-word.ts'
import { isInstalled } from './own.ts'

const variable = 'BAKEROLL_PROGRAM'

/**
 * The command that started bakeroll if not npm: `./bakeroll`, or `npx bakeroll` for the package. Removed from the
 * environment, because what a verb starts may call it differently.
 */
export function takeProgramName(env: NodeJS.ProcessEnv): string | undefined {
  const name = env[variable]
  delete env[variable]
  if (name) return shellWord(name)
  return isInstalled ? 'npx bakeroll' : undefined
}

/** Texts say `npm run roll -- --surge 2`; only this function rewords them for another program. */
export function asCalled(text: string, program: string | undefined): string {
  if (program === undefined) return text
  return text.replace(
    /\bnpm (?:run (?:-s )?([a-z]+(?::[a-z]+)?|VERB)|(start)|(test))\b(?: --(?= |$))?/g,
    (_, verb: string | undefined, start: string | undefined) =>
      start === undefined ? `${program} ${verb ?? 'test'}` : program,
  )
}
