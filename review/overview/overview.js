// Keep the overview up to date: the server reports each change, and the page reads it.
"use strict"

const content = document.getElementById("content")
const connection = document.getElementById("connection")
let version = content.dataset.version
let stream = null

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

async function update(event) {
  try {
    const answer = await fetch("/overview/content")
    if (!answer.ok) throw new Error(await answer.text())
    show(await answer.text())
    version = event.data
    connection.textContent = `Updated at ${clock()}.`
  } catch {
    lost()
  }
}

function lost() {
  connection.textContent = "The connection to `scones review` is lost. The figures are the last ones."
}

function listen() {
  stream ??= new EventSource(`/overview/changes?seen=${encodeURIComponent(version)}`)
  stream.onmessage = update
  stream.onerror = lost
  stream.onopen = () => { connection.textContent = `Up to date since ${clock()}.` }
}

// A browser opens few connections to one server: a hidden tab must not hold one.
function leave() {
  stream?.close()
  stream = null
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()))
addEventListener("pagehide", leave)
addEventListener("pageshow", () => { if (!document.hidden) listen() })
