// A few unpredictable letters for names that must be free.
import Crypto

func randomSuffix() -> String { randomToken(length: 6, alphabet: TokenAlphabet.lowercase) }
