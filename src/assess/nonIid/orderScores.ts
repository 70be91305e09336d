/** Orders of contexts that are scored, each in one bit of a word. */
const ORDERS = 16;
const BLOCK = 16;

/**
 * How often each order was right, and which is believed: the last one to reach the highest score. Within a
 * block of samples no score grows by more than its length, so an order that is further behind cannot win in
 * it: its hits are added up beside those of others, a binary digit of all sums in one word.
 */
export class OrderScores {
  readonly #scores = new Int32Array(ORDERS);
  /** Those that may win in this block, and the others as bits. */
  readonly #contenders = Int32Array.from({ length: ORDERS }, (_, order) => order);
  #count = ORDERS;
  #others = 0;
  #ones = 0;
  #twos = 0;
  #fours = 0;
  #eights = 0;
  #sixteens = 0;
  #samples = 0;
  winner = 0;

  /** @param hits by bits which orders were right */
  add(hits: number): void {
    const scores = this.#scores;
    for (let index = 0; index < this.#count; index++) {
      const order = this.#contenders[index]!;
      if (((hits >>> order) & 1) === 1 && ++scores[order]! >= scores[this.winner]!)
        this.winner = order;
    }
    let carry = hits & this.#others;
    let sum = this.#ones;
    this.#ones = sum ^ carry;
    carry &= sum;
    sum = this.#twos;
    this.#twos = sum ^ carry;
    carry &= sum;
    sum = this.#fours;
    this.#fours = sum ^ carry;
    carry &= sum;
    sum = this.#eights;
    this.#eights = sum ^ carry;
    this.#sixteens ^= sum & carry;
    if (++this.#samples === BLOCK) this.#nextBlock();
  }

  #nextBlock(): void {
    const scores = this.#scores;
    const least = scores[this.winner]! - BLOCK;
    const digits = [this.#ones, this.#twos, this.#fours, this.#eights, this.#sixteens];
    this.#count = 0;
    this.#others = 0;
    for (let order = 0; order < ORDERS; order++) {
      for (let digit = 0; digit < digits.length; digit++)
        scores[order]! += ((digits[digit]! >>> order) & 1) << digit;
      if (scores[order]! >= least) this.#contenders[this.#count++] = order;
      else this.#others |= 1 << order;
    }
    this.#ones = this.#twos = this.#fours = this.#eights = this.#sixteens = 0;
    this.#samples = 0;
  }
}
