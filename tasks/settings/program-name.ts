import { shellWord } from '../../checker/shell-word.ts'

const variable = 'BAKEROLL_PROGRAM'

/**
 * The command that started bakeroll if not npm: `./bakeroll`. Removed from the environment, because what a verb starts
 * may call it differently.
 */
export function takeProgramName(env: NodeJS.ProcessEnv): string | undefined {
  const name = env[variable]
  delete env[variable]
  return name ? shellWord(name) : undefined
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
