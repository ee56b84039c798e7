// npm run bench [-- COMMAND [ARGUMENTS]]: what each command measures is in README.md.
import process from 'node:process'
import { root } from './lib/bundle.mjs'
import { closeConnections } from './lib/send.mjs'

const commands = {
  speed: () => import('./speed.mjs'),
  growth: () => import('./growth.mjs'),
  cost: () => import('./cost.mjs'),
  profile: () => import('./profile.mjs'),
  memory: () => import('./memory.mjs'),
  start: () => import('./start.mjs'),
  base64: () => import('./base64.mjs'),
  form: () => import('./form.mjs'),
  tus: () => import('./tus.mjs'),
  sweep: () => import('./sweep.mjs'),
  worst: () => import('./worst.mjs'),
  soak: () => import('./soak.mjs'),
}

const [name = 'speed', ...given] = process.argv.slice(2)
if (Object.hasOwn(commands, name)) {
  process.chdir(root)
  const { run } = await commands[name]()
  try {
    // False when what was measured is not good enough.
    if ((await run(given)) === false) process.exitCode = 1
  } finally {
    closeConnections()
  }
} else {
  console.error(`there is no ${name}; there are ${Object.keys(commands).join(', ')}`)
  process.exitCode = 2
}
