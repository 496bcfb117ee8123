"use strict";
(function () {
  var K = [], H0 = [];
  for (var n = 2; K.length < 64; n++) {
    var prime = true;
    for (var d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (!prime) continue;
    var fraction = function (x) { return ((x - Math.floor(x)) * 4294967296) | 0; };
    if (H0.length < 8) H0.push(fraction(Math.sqrt(n)));
    K.push(fraction(Math.cbrt(n)));
  }
  var W = new Int32Array(64);
  function block(h, bytes, at) {
    var i, a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
    for (i = 0; i < 64; i++) {
      if (i < 16) {
        W[i] = bytes[at + i * 4] << 24 | bytes[at + i * 4 + 1] << 16 | bytes[at + i * 4 + 2] << 8 | bytes[at + i * 4 + 3];
      } else {
        var x = W[i - 15], y = W[i - 2];
        var s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
        var s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
        W[i] = W[i - 16] + s0 + W[i - 7] + s1 | 0;
      }
      var t1 = k + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + W[i] | 0;
      var t2 = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
      k = g; g = f; f = e; e = d + t1 | 0; d = c; c = b; b = a; a = t1 + t2 | 0;
    }
    h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
  }
  function firstWord(text) {
    var length = text.length, size = (length + 72 >> 6) * 64, bytes = new Uint8Array(size), h = new Int32Array(H0);
    for (var i = 0; i < length; i++) bytes[i] = text.charCodeAt(i);
    bytes[length] = 128;
    bytes[size - 2] = length * 8 >> 8; bytes[size - 1] = length * 8 & 255;
    for (i = 0; i < size; i += 64) block(h, bytes, i);
    return h[0] >>> 0;
  }
  var task = document.getElementById("task").dataset, counter = 0, limit = Math.pow(2, 32 - Number(task.bits));
  function work() {
    for (var until = counter + 20000; counter < until; counter++) {
      if (firstWord(task.token + ":" + counter) < limit) {
        document.cookie = task.cookie + "=" + task.token + "." + counter + "; Path=/; Max-Age=" + task.seconds +
          "; SameSite=Lax" + (location.protocol === "https:" ? "; Secure" : "");
        location.reload();
        return;
      }
    }
    setTimeout(work, 0);
  }
  if (navigator.cookieEnabled) work();
  else document.getElementById("told").textContent = "This page needs cookies: allow them, and load it again.";
})();
