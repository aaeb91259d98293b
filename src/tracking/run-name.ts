const adjectives =
  'able amber bold brave bright calm clean clever cool crisp deft eager early fair fast fine firm fleet fond free fresh glad grand great happy keen kind light lively lucky mellow merry mild neat nimble noble placid polite proud quick quiet rapid rare ready rosy royal salty sharp shiny silent silver sleek smart smooth snug sober spry stately steady still stout sunny sure swift tidy trusty upbeat vivid warm wise witty zesty'.split(
    ' ',
  )
const nouns =
  'albatross anchor auk barque beacon bay bight boom bow brig buoy cape capstan clipper coral cove cutter dolphin eider fathom finch fjord gannet gull halyard harbor heron island jetty keel kelp ketch lagoon lantern ledge lugger mast marlin mole narwhal oar osprey otter petrel pier pilot plover porpoise prow puffin quay reef rigging rudder sail schooner seal shoal skiff sloop sound spar squall star strait swan tern tide topsail trawler turtle wave whale wharf yawl'.split(
    ' ',
  )

/** A name for a run that got none, such as `calm-heron-512`. `random` gives numbers in [0, 1). */
export function runName(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)]!
  return `${pick(adjectives)}-${pick(nouns)}-${Math.floor(random() * 1000)}`
}
