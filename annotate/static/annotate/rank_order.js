// An order is a list of groups, best first; answers in one group are tied. From an order
// and an answer to the next order: winnow.order. Nothing here looks at the page.
"use strict";
(() => {
  const without = (groups, item) => groups.map((group) => group.filter((other) => other !== item));
  const groupOf = (groups, item) => groups.findIndex((group) => group.includes(item));

  // Past one group; out of a tie first.
  function stepped(groups, item, by) {
    const at = groupOf(groups, item);
    const rest = without(groups, item);
    if (groups[at].length > 1) return rest.toSpliced(by < 0 ? at : at + 1, 0, [item]);
    return rest.toSpliced(at, 1).toSpliced(Math.max(0, at + by), 0, [item]);
  }

  // Alone at that place; what is there moves on.
  function placed(groups, item, place) {
    return without(groups, item).filter((group) => group.length).toSpliced(place - 1, 0, [item]);
  }

  // With the group above; tied already, out of it again.
  function tied(groups, item) {
    const at = groupOf(groups, item);
    const rest = without(groups, item);
    if (groups[at].indexOf(item) > 0) return rest.toSpliced(at + 1, 0, [item]);
    if (at > 0) rest[at - 1] = [...rest[at - 1], item];
    return at > 0 ? rest : groups;
  }

  winnow.order = { groupOf, stepped, placed, tied };
})();
