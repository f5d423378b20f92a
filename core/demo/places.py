"""Towns of Flanders with their postcodes, and streets every one of them has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Town:
    name: str
    postcode: str


def _towns(text: str) -> tuple[Town, ...]:
    return tuple(Town(name.strip(), postcode) for postcode, name in (line.strip().split(" ", 1) for line in text.split(",") if line.strip()))


#: province -> its towns; the first of each are those of the small demo
PROVINCES: dict[str, tuple[Town, ...]] = {
    "Vlaams-Brabant": _towns("""3200 Aarschot, 3290 Diest, 3000 Leuven, 3300 Tienen, 3020 Herent, 3110 Rotselaar, 3120 Tremelo, 3130 Begijnendijk,
        3140 Keerbergen, 3150 Haacht, 3190 Boortmeerbeek, 3210 Lubbeek, 3220 Holsbeek, 3270 Scherpenheuvel, 3350 Linter, 3360 Bierbeek,
        3370 Boutersem, 3390 Tielt-Winge, 3400 Landen, 3440 Zoutleeuw, 3450 Geetbets, 3460 Bekkevoort, 3470 Kortenaken, 3080 Tervuren,
        3070 Kortenberg, 3060 Bertem, 3040 Huldenberg, 3050 Oud-Heverlee, 1500 Halle, 1700 Dilbeek, 1730 Asse, 1740 Ternat, 1750 Lennik,
        1785 Merchtem, 1800 Vilvoorde, 1840 Londerzeel, 1850 Grimbergen, 1930 Zaventem"""),
    "West-Vlaanderen": _towns("""8000 Brugge, 8500 Kortrijk, 8800 Roeselare, 8820 Torhout, 8400 Oostende, 8600 Diksmuide, 8630 Veurne, 8700 Tielt,
        8730 Beernem, 8755 Ruiselede, 8770 Ingelmunster, 8780 Oostrozebeke, 8790 Waregem, 8810 Lichtervelde, 8830 Hooglede, 8840 Staden,
        8850 Ardooie, 8860 Lendelede, 8870 Izegem, 8880 Ledegem, 8890 Moorslede, 8900 Ieper, 8920 Langemark, 8930 Menen, 8940 Wervik,
        8950 Heuvelland, 8970 Poperinge, 8980 Zonnebeke, 8420 De Haan, 8430 Middelkerke, 8450 Bredene, 8460 Oudenburg, 8470 Gistel, 8480 Ichtegem,
        8490 Jabbeke, 8300 Knokke-Heist, 8370 Blankenberge, 8340 Damme, 8210 Zedelgem, 8020 Oostkamp"""),
    "Antwerpen": _towns("""2500 Lier, 2440 Geel, 2300 Turnhout, 2800 Mechelen, 2200 Herentals, 2220 Heist-op-den-Berg, 2230 Herselt,
        2240 Zandhoven, 2250 Olen, 2260 Westerlo, 2270 Herenthout, 2280 Grobbendonk, 2290 Vorselaar, 2310 Rijkevorsel, 2320 Hoogstraten,
        2330 Merksplas, 2340 Beerse, 2350 Vosselaar, 2360 Oud-Turnhout, 2370 Arendonk, 2380 Ravels, 2390 Malle, 2400 Mol, 2430 Laakdal,
        2450 Meerhout, 2460 Kasterlee, 2470 Retie, 2480 Dessel, 2490 Balen, 2520 Ranst, 2530 Boechout, 2540 Hove, 2550 Kontich, 2560 Nijlen,
        2570 Duffel, 2580 Putte, 2590 Berlaar, 2820 Bonheiden, 2830 Willebroek, 2840 Rumst, 2850 Boom, 2860 Sint-Katelijne-Waver, 2870 Puurs,
        2880 Bornem, 2900 Schoten, 2910 Essen, 2920 Kalmthout, 2930 Brasschaat, 2950 Kapellen, 2960 Brecht, 2980 Zoersel, 2990 Wuustwezel"""),
    "Oost-Vlaanderen": _towns("""9000 Gent, 9300 Aalst, 9700 Oudenaarde, 9100 Sint-Niklaas, 9120 Beveren, 9140 Temse, 9150 Kruibeke, 9160 Lokeren,
        9170 Sint-Gillis-Waas, 9190 Stekene, 9200 Dendermonde, 9220 Hamme, 9230 Wetteren, 9240 Zele, 9250 Waasmunster, 9255 Buggenhout,
        9260 Wichelen, 9280 Lebbeke, 9290 Berlare, 9340 Lede, 9400 Ninove, 9420 Erpe-Mere, 9450 Haaltert, 9470 Denderleeuw, 9500 Geraardsbergen,
        9550 Herzele, 9600 Ronse, 9620 Zottegem, 9630 Zwalm, 9660 Brakel, 9750 Kruisem, 9770 Kruishoutem, 9800 Deinze, 9810 Nazareth,
        9820 Merelbeke, 9850 Nevele, 9860 Oosterzele, 9870 Zulte, 9880 Aalter, 9890 Gavere, 9900 Eeklo, 9910 Knesselare, 9920 Lovendegem,
        9940 Evergem, 9950 Waarschoot, 9960 Assenede, 9970 Kaprijke, 9990 Maldegem"""),
    "Limburg": _towns("""3500 Hasselt, 3600 Genk, 3700 Tongeren, 3800 Sint-Truiden, 3510 Kermt, 3520 Zonhoven, 3530 Houthalen,
        3540 Herk-de-Stad, 3545 Halen, 3550 Heusden, 3560 Lummen, 3570 Alken, 3580 Beringen, 3590 Diepenbeek, 3620 Lanaken, 3630 Maasmechelen,
        3640 Kinrooi, 3650 Dilsen, 3660 Opglabbeek, 3665 As, 3670 Meeuwen, 3680 Maaseik, 3690 Zutendaal, 3720 Kortessem, 3730 Hoeselt, 3740 Bilzen,
        3770 Riemst, 3830 Wellen, 3840 Borgloon, 3850 Nieuwerkerken, 3870 Heers, 3890 Gingelom, 3900 Pelt, 3920 Lommel, 3930 Hamont, 3940 Hechtel,
        3945 Ham, 3950 Bocholt, 3960 Bree, 3970 Leopoldsburg, 3980 Tessenderlo, 3990 Peer"""),
}

STREETS = (
    "Kerkstraat", "Dorpsstraat", "Stationsstraat", "Molenstraat", "Schoolstraat", "Kapellestraat", "Nieuwstraat", "Veldstraat", "Beekstraat", "Lindelaan",
    "Eikenlaan", "Bergstraat", "Kloosterstraat", "Pastorijstraat", "Kasteelstraat", "Hoogstraat", "Vijverstraat", "Bosstraat", "Meersstraat", "Sint-Jansstraat",
    "Onze-Lieve-Vrouwestraat", "Gasthuisstraat", "Grote Markt", "Oude Baan", "Leuvensesteenweg", "Provinciebaan", "Rozenlaan", "Tuinwijk", "Zonnelaan",
    "Priester Daensstraat", "Guido Gezellelaan", "Hendrik Consciencestraat", "Oude Gentweg", "Zandstraat", "Heidestraat", "Populierenlaan",
)  # fmt: skip

#: tells clubs of one town apart
PARISHES = (
    "Sint-Rochus", "Sint-Jan", "Sint-Pieter", "Sint-Anna", "Sint-Jozef", "Heilig Hart", "Onze-Lieve-Vrouw", "Sint-Maarten", "Sint-Amand", "Sint-Lambertus",
)  # fmt: skip
