/* How does an alarm sound?  Three patterns in the manner of IEC 60601-1-8: high is a burst of ten pulses, medium of three, low of
   two; the server's silence has a fourth of its own.  A browser is mute until somebody touches the page: until then it says so. */

const BURSTS = {  // [start in s, frequency in Hz, length in s] of each pulse, and the seconds from burst to burst
  high: { every: 6, pulses: [[0, 880, 0.13], [0.24, 880, 0.13], [0.48, 1047, 0.13], [0.92, 988, 0.13], [1.16, 1175, 0.13], [2.0, 880, 0.13], [2.24, 880, 0.13], [2.48, 1047, 0.13], [2.92, 988, 0.13], [3.16, 1175, 0.13]] },
  medium: { every: 12, pulses: [[0, 659, 0.19], [0.42, 659, 0.19], [0.84, 523, 0.19]] },
  low: { every: 24, pulses: [[0, 523, 0.2], [0.36, 440, 0.2]] },
  silence: { every: 4, pulses: [[0, 392, 0.3], [0.45, 311, 0.3], [0.9, 392, 0.3], [1.35, 311, 0.3]] },
};

export class Sound {
  constructor(onChange) {
    this.onChange = onChange;
    this.context = null;
    this.wanted = "";
    this.timer = null;
    const unlock = () => this.enable();
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, unlock, { capture: true });
  }

  get enabled() { return this.context?.state === "running"; }

  /** Browsers let sound start only in answer to a touch or a key; where policy allows it, it starts at once. */
  async enable({ gesture = true } = {}) {
    if (this.enabled) return;
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) { this.onChange(); return; }
    if (!gesture && navigator.userActivation && !navigator.userActivation.hasBeenActive) { this.onChange(); return; }
    this.context = this.context || new Context();
    this.context.onstatechange = () => { this.onChange(); if (this.enabled && this.wanted) this.burst(); };
    try { await this.context.resume(); } catch { /* stays mute, and the chip says so */ }
    this.onChange();
  }

  /** What should sound now: "high", "medium", "low", "silence" or "".  Asking for the same again changes nothing. */
  play(pattern) {
    if (pattern === this.wanted) return;
    this.wanted = pattern;
    document.documentElement.dataset.sounding = pattern;
    clearTimeout(this.timer);
    if (pattern) this.burst();
  }

  burst() {
    clearTimeout(this.timer);
    const pattern = BURSTS[this.wanted];
    if (!pattern) return;
    if (this.enabled) for (const [at, frequency, length] of pattern.pulses) this.pulse(this.context.currentTime + 0.03 + at, frequency, length);
    this.timer = setTimeout(() => this.burst(), pattern.every * 1000);
  }

  /** One pulse with its overtones, and soft edges so that it does not click. */
  pulse(at, frequency, length) {
    const gain = this.context.createGain();
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.5, at + 0.02);
    gain.gain.setValueAtTime(0.5, at + length - 0.03);
    gain.gain.linearRampToValueAtTime(0, at + length);
    gain.connect(this.context.destination);
    for (const [harmonic, level] of [[1, 0.6], [2, 0.25], [3, 0.15], [4, 0.1]]) {
      const tone = this.context.createOscillator();
      const part = this.context.createGain();
      tone.frequency.value = frequency * harmonic;
      part.gain.value = level;
      tone.connect(part).connect(gain);
      tone.start(at);
      tone.stop(at + length + 0.02);
    }
  }
}
