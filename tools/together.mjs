/**
 * Runs npm scripts at once: `node tools/together.mjs test:code check+test:first-minutes`. Those joined by `+` run one after the other,
 * until one fails. The first lane prints as it goes, the others when they are done. Exits with 1 when a script failed.
 */
import { spawn } from 'node:child_process'

const [first, ...others] = process.argv.slice(2).map((lane) => lane.split('+'))
if (!first) throw new Error('usage: node tools/together.mjs script[+script…] …')

const ran = await Promise.all([runLane(first, true), ...others.map((lane) => runLane(lane, false))])
const scripts = ran.flat()
for (const { script, code, seconds } of scripts)
  say(`${code === 0 ? 'ok  ' : 'FAIL'} ${seconds.padStart(6)} s  ${script}`)
process.exit(scripts.every(({ code }) => code === 0) ? 0 : 1)

async function runLane(lane, isLive) {
  const results = []
  for (const script of lane) {
    const beganMs = performance.now()
    const code = await runScript(script, isLive)
    results.push({ script, code, seconds: ((performance.now() - beganMs) / 1000).toFixed(1) })
    if (code !== 0) break
  }
  return results
}

function runScript(script, isLive) {
  const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', isLive ? 'inherit' : 'pipe', 'pipe'] })
  const pieces = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => pieces.push(bytes))
  return new Promise((resolve) => {
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(pieces))
      resolve(code ?? 1)
    })
  })
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
