// What jsonata makes of each expression on standard input with its bindings: a value, nothing, or an error's code.
// Step Functions adds $parse; the time is given, since no two evaluations have the same.
const { createRequire } = require("module")
const jsonata = createRequire(process.cwd() + "/")("jsonata")

const evaluated = async ({ expression, bindings, now, millis }) => {
  const functions = { parse: text => JSON.parse(text), now: () => now, millis: () => millis }
  try {
    const value = await jsonata(expression).evaluate(undefined, { ...bindings, ...functions })
    return value === undefined ? { undefined: true } : { value }
  } catch (error) {
    return { error: error.code ?? error.name }
  }
}

const all = async () => {
  const results = []
  for (const evaluation of JSON.parse(require("fs").readFileSync(0, "utf8"))) results.push(await evaluated(evaluation))
  console.log(JSON.stringify(results))
}
all()
