// From a word to the numbers of its tokens: the models of tokenizers. Each is a function of one word, made of the document's "model".

export const MODELS = {
  WordLevel({ vocab, unk_token: unknown }) {
    const numbers = new Map(Object.entries(vocab));
    return (word) => {
      const found = numbers.get(word) ?? numbers.get(unknown);
      return found === undefined ? [] : [found];
    };
  },

  WordPiece({ vocab, unk_token: unknown, continuing_subword_prefix: prefix = "##", max_input_chars_per_word: most = 100 }) {
    const numbers = new Map(Object.entries(vocab));
    return (word) => {
      const characters = [...word], found = [];
      if (characters.length > most) return [numbers.get(unknown)];
      for (let start = 0; start < characters.length; ) {
        let end = characters.length, number;
        for (; end > start; end--) {
          number = numbers.get((start ? prefix : "") + characters.slice(start, end).join(""));
          if (number !== undefined) break;
        }
        if (number === undefined) return [numbers.get(unknown)];
        found.push(number);
        start = end;
      }
      return found;
    };
  },

  BPE({ vocab, merges, unk_token: unknown = null, ignore_merges: whole = false }) {
    const numbers = new Map(Object.entries(vocab)), known = new Map();
    const ranks = new Map(merges.map((pair, rank) => [Array.isArray(pair) ? pair.join(" ") : pair, rank]));
    return (word) => {
      if (!known.has(word)) known.set(word, whole && numbers.has(word) ? [numbers.get(word)] : pieces([...word], ranks, numbers, unknown));
      return known.get(word);
    };
  },
};

/** Join neighbours, the earliest merge first, until none fits. Source: Sennrich, Haddow and Birch 2016. */
function pieces(parts, ranks, numbers, unknown) {
  for (;;) {
    let best = Infinity, place = -1;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`);
      if (rank !== undefined && rank < best) [best, place] = [rank, i];
    }
    if (place < 0) break;
    parts.splice(place, 2, parts[place] + parts[place + 1]);
  }
  return parts.map((part) => numbers.get(part) ?? numbers.get(unknown)).filter((number) => number !== undefined);
}
