// Keep the overview up to date: the server reports each change, and the page reads it.
"use strict"

const content = document.getElementById("content")
const updated = document.getElementById("updated")
const problem = document.getElementById("problem") // screen readers announce it; updates they do not
const PAUSE = 3000 // milliseconds until the next attempt
let version = content.dataset.version
let stream = null
let reading = Promise.resolve() // one content after the other, so that the last one stays

function clock() {
  return new Date().toLocaleTimeString()
}

// Replace the sections that changed. Opened details stay open, and the focus stays where it is.
function show(html) {
  const next = new DOMParser().parseFromString(html, "text/html")
  const opened = new Set([...content.querySelectorAll("details[open]")].map((one) => one.id))
  for (const one of next.querySelectorAll("details")) one.open = opened.has(one.id)

  const before = new Map([...content.children].map((one) => [one.id, one]))
  const sections = [...next.body.children].map((section) => {
    const known = before.get(section.id)
    return known && known.outerHTML === section.outerHTML ? known : section
  })
  const focus = document.activeElement?.closest("[id]")?.id
  const summary = document.activeElement?.tagName === "SUMMARY"
  sections.forEach((section, at) => {
    const present = content.children[at]
    if (present === section) return
    if (present?.id === section.id) present.replaceWith(section)
    else content.insertBefore(section, present ?? null)
  })
  while (content.children.length > sections.length) content.lastElementChild.remove()

  const holder = focus && document.getElementById(focus)
  const target = summary ? holder?.querySelector("summary") : holder
  if (target && document.activeElement === document.body) target.focus({ preventScroll: true })
}

async function update(changed) {
  try {
    const answer = await fetch("/overview/content")
    if (!answer.ok) throw new Error(await answer.text())
    show(await answer.text())
    version = changed
    updated.textContent = `Updated at ${clock()}.`
    problem.textContent = ""
  } catch {
    lost()
    leave()
    setTimeout(listen, PAUSE)
  }
}

function lost() {
  problem.textContent =
    "The connection to `scones review` is lost. The figures are the last ones. "
    + "If you start the command again, open the address that it prints."
}

function listen() {
  if (document.hidden || stream) return
  stream = new EventSource(`/overview/changes?seen=${encodeURIComponent(version)}`)
  stream.onmessage = (event) => { reading = reading.then(() => update(event.data)) }
  stream.onerror = lost
  stream.onopen = () => {
    updated.textContent = `Up to date since ${clock()}.`
    problem.textContent = ""
  }
}

// A browser opens few connections to one server: a hidden tab must not hold one.
function leave() {
  stream?.close()
  stream = null
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()))
addEventListener("pagehide", leave)
addEventListener("pageshow", listen)
