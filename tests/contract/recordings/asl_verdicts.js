// What asl-validator says of each definition on standard input: whether it is valid, and the codes of its errors.
const { createRequire } = require("module")
const validate = createRequire(process.cwd() + "/")("asl-validator")

const definitions = JSON.parse(require("fs").readFileSync(0, "utf8"))
const verdicts = definitions.map(definition => {
  const { isValid, errors } = validate(definition)
  return { valid: isValid, codes: [...new Set(errors.map(error => error["Error code"]))].sort() }
})
console.log(JSON.stringify(verdicts))
