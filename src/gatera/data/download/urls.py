"""URLs of the data sets that the book and the course use, and facts about the files behind them."""

from __future__ import annotations

from pathlib import Path

from gatera.core.files import home
from gatera.data.download.http import Expected

#: Prefix of the URLs of data that comes with the package.
BUNDLED = "bundled:"

# fast.ai's public S3 buckets.
_CLASSES = "https://s3.amazonaws.com/fast-ai-imageclas"
_PLACES = "https://s3.amazonaws.com/fast-ai-imagelocal"
_TEXT = "https://s3.amazonaws.com/fast-ai-nlp"
_COCO = "https://s3.amazonaws.com/fast-ai-coco"
_SAMPLES = "https://s3.amazonaws.com/fast-ai-sample"


class URLs:
    """Addresses for `untar_data`, under the names that fastai gives them.

    Each data set has its own licence; fetching it here says nothing about what it may be used for.
    """

    #: 150 cat and dog photos (and 12 unseen ones) that come with the package: no network needed.
    PETS_SAMPLE = f"{BUNDLED}pets_sample"
    #: 1,000 rows of `ADULT_SAMPLE` that come with the package: no network needed.
    ADULT_TINY = f"{BUNDLED}adult_tiny"
    #: 120 spoken digits, by six speakers, that come with the package.
    SPOKEN_DIGITS_TINY = f"{BUNDLED}spoken_digits_tiny"

    # Photos with one label each
    PETS = f"{_CLASSES}/oxford-iiit-pet.tgz"
    MNIST = f"{_CLASSES}/mnist_png.tgz"
    MNIST_SAMPLE = f"{_SAMPLES}/mnist_sample.tgz"
    MNIST_TINY = f"{_SAMPLES}/mnist_tiny.tgz"
    MNIST_VAR_SIZE_TINY = f"{_CLASSES}/mnist_var_size_tiny.tgz"
    CIFAR = f"{_SAMPLES}/cifar10.tgz"
    CIFAR_100 = f"{_CLASSES}/cifar100.tgz"
    DOGS = f"{_SAMPLES}/dogscats.tgz"
    IMAGENETTE = f"{_CLASSES}/imagenette2.tgz"
    IMAGENETTE_320 = f"{_CLASSES}/imagenette2-320.tgz"
    IMAGENETTE_160 = f"{_CLASSES}/imagenette2-160.tgz"
    IMAGEWOOF = f"{_CLASSES}/imagewoof2.tgz"
    IMAGEWOOF_320 = f"{_CLASSES}/imagewoof2-320.tgz"
    IMAGEWOOF_160 = f"{_CLASSES}/imagewoof2-160.tgz"
    IMAGEWANG = f"{_CLASSES}/imagewang.tgz"
    IMAGEWANG_320 = f"{_CLASSES}/imagewang-320.tgz"
    IMAGEWANG_160 = f"{_CLASSES}/imagewang-160.tgz"
    CALTECH_101 = f"{_CLASSES}/caltech_101.tgz"
    CARS = f"{_CLASSES}/stanford-cars.tgz"
    CUB_200_2011 = f"{_CLASSES}/CUB_200_2011.tgz"
    FLOWERS = f"{_CLASSES}/oxford-102-flowers.tgz"
    FOOD = f"{_CLASSES}/food-101.tgz"
    LSUN_BEDROOMS = f"{_CLASSES}/bedroom.tgz"
    PLANET_SAMPLE = f"{_SAMPLES}/planet_sample.tgz"
    PLANET_TINY = f"{_SAMPLES}/planet_tiny.tgz"

    # Photos with masks, boxes or points
    CAMVID = f"{_PLACES}/camvid.tgz"
    CAMVID_TINY = f"{_SAMPLES}/camvid_tiny.tgz"
    PASCAL_2007 = f"{_PLACES}/pascal_2007.tgz"
    PASCAL_2012 = f"{_PLACES}/pascal_2012.tgz"
    BIWI_HEAD_POSE = f"{_PLACES}/biwi_head_pose.tgz"
    BIWI_SAMPLE = f"{_SAMPLES}/biwi_sample.tgz"
    COCO_SAMPLE = f"{_COCO}/coco_sample.tgz"
    COCO_TINY = f"{_COCO}/coco_tiny.tgz"
    SIIM_SMALL = f"{_PLACES}/siim_small.tgz"
    TCGA_SMALL = f"{_PLACES}/tcga_small.tgz"

    # Text
    IMDB = f"{_TEXT}/imdb.tgz"
    IMDB_SAMPLE = f"{_SAMPLES}/imdb_sample.tgz"
    HUMAN_NUMBERS = f"{_SAMPLES}/human_numbers.tgz"
    AG_NEWS = f"{_TEXT}/ag_news_csv.tgz"
    AMAZON_REVIEWS = f"{_TEXT}/amazon_review_full_csv.tgz"
    AMAZON_REVIEWS_POLARITY = f"{_TEXT}/amazon_review_polarity_csv.tgz"
    DBPEDIA = f"{_TEXT}/dbpedia_csv.tgz"
    MT_ENG_FRA = f"{_TEXT}/giga-fren.tgz"
    SOGOU_NEWS = f"{_TEXT}/sogou_news_csv.tgz"
    WIKITEXT = f"{_TEXT}/wikitext-103.tgz"
    WIKITEXT_TINY = f"{_TEXT}/wikitext-2.tgz"
    YAHOO_ANSWERS = f"{_TEXT}/yahoo_answers_csv.tgz"
    YELP_REVIEWS = f"{_TEXT}/yelp_review_full_csv.tgz"
    YELP_REVIEWS_POLARITY = f"{_TEXT}/yelp_review_polarity_csv.tgz"

    #: A language model of Wikipedia, for AWD_LSTM.
    WT103_FWD = "https://s3.amazonaws.com/fast-ai-modelzoo/wt103-fwd.tgz"

    # Tables and recommendation
    ADULT_SAMPLE = f"{_SAMPLES}/adult_sample.tgz"
    ML_SAMPLE = f"{_SAMPLES}/movie_lens_sample.tgz"
    ML_100k = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"

    @staticmethod
    def path(name: str) -> Path:
        """Return the folder where a data set of this name belongs, whether or not it exists."""
        return home() / "data" / name


#: Size and beginning of each archive, as published with fastai 2.8.
EXPECTED = {
    URLs.PETS: Expected(811_706_944, "e4db5c768afd933bb91f5f594d7417a4"),
    URLs.MNIST: Expected(15_683_414, "03639f83c4e3d19e0a3a53a8a997c487"),
    URLs.MNIST_SAMPLE: Expected(3_214_948, "2dbc7ec6f9259b583af0072c55816a88"),
    URLs.MNIST_TINY: Expected(342_207, "56143e8f24db90d925d82a5a74141875"),
    URLs.MNIST_VAR_SIZE_TINY: Expected(565_372, "b71a930f4eb744a4a143a6c7ff7ed67f"),
    URLs.CIFAR: Expected(168_168_549, "a5f8c31371b63a406b23368042812d3c"),
    URLs.CIFAR_100: Expected(169_168_619, "e5e65dcb54b9d3913f7b8a9ad6607e62"),
    URLs.DOGS: Expected(839_285_364, "3e483c8d6ef2175e9d395a6027eb92b7"),
    URLs.IMAGENETTE: Expected(1_557_161_267, "2c774ecb40005b35d7937d50f5d42336"),
    URLs.IMAGENETTE_320: Expected(341_663_724, "1f1f74f133caff120e575856659b87a2"),
    URLs.IMAGENETTE_160: Expected(99_003_388, "c475f8f7617a200ba35b9facc48443c3"),
    URLs.IMAGEWOOF: Expected(1_343_715_595, "2cc1c1e36e20cb6fd24ffb978edcb487"),
    URLs.IMAGEWOOF_320: Expected(328_387_740, "7a1fd92672a559a85de76e4810a20c21"),
    URLs.IMAGEWOOF_160: Expected(92_612_825, "3559b194123981a540b87132dbda412f"),
    URLs.IMAGEWANG: Expected(2_900_347_689, "2b7776bac0fc95db72ac8a3b091a3e30"),
    URLs.IMAGEWANG_320: Expected(669_826_647, "fff8ac034d60e14fcf7789845e625263"),
    URLs.IMAGEWANG_160: Expected(191_498_213, "dab9b1d97b95574ac64122a19bc74ca1"),
    URLs.CALTECH_101: Expected(131_740_031, "d673425306e98ee4619fcdeef8a0e876"),
    URLs.CARS: Expected(1_957_803_273, "9045d6673c9ced0889f41816f6bf2f9f"),
    URLs.CUB_200_2011: Expected(1_150_585_339, "d2acaa99439dff0483c7bbac1bfe2a92"),
    URLs.FLOWERS: Expected(345_236_087, "5666e01c1311b4c67fcf20d2b3850a88"),
    URLs.FOOD: Expected(5_686_607_260, "1a540ebf1fb40b2bf3f2294234ba7907"),
    URLs.LSUN_BEDROOMS: Expected(4_579_163_978, "35d84f38f8a15fe47e66e460c8800d68"),
    URLs.PLANET_SAMPLE: Expected(15_523_994, "8bfb174b3162f07fbde09b54555bdb00"),
    URLs.PLANET_TINY: Expected(997_569, "490873c5683454d4b2611fb1f00a68a9"),
    URLs.CAMVID: Expected(598_913_237, "648371e4f3a833682afb39b08a3ce2aa"),
    URLs.CAMVID_TINY: Expected(2_314_212, "2cf6daf91b7a2083ecfa3e9968e9d915"),
    URLs.PASCAL_2007: Expected(1_637_796_771, "433b4706eb7c42bd74e7f784e3fdf244"),
    URLs.PASCAL_2012: Expected(2_618_908_000, "d90e29e54a4c76c0c6fba8355dcbaca5"),
    URLs.BIWI_HEAD_POSE: Expected(452_316_199, "00f4ccf66e8cba184bc292fdc08fb237"),
    URLs.BIWI_SAMPLE: Expected(593_774, "9179f4c1435f4b291f0d5b072d60c2c9"),
    URLs.COCO_SAMPLE: Expected(3_245_877_008, "006cd55d633d94b36ecaf661467830ec"),
    URLs.COCO_TINY: Expected(801_038, "367467451ac4fba79a647753c2c66d3a"),
    URLs.SIIM_SMALL: Expected(33_276_453, "2f88ac350dce1d971ecbb5ec722da75f"),
    URLs.TCGA_SMALL: Expected(14_744_474, "3ceffe7cf522cb1c60e93dc555d8817f"),
    URLs.IMDB: Expected(144_440_600, "90f9b1c4ff43a90d67553c9240dc0249"),
    URLs.IMDB_SAMPLE: Expected(571_827, "0842e61a9867caa2e6fbdb14fa703d61"),
    URLs.HUMAN_NUMBERS: Expected(30_252, "8a19c3bfa2bcb08cd787e741261f3ea2"),
    URLs.AG_NEWS: Expected(11_784_419, "b86f328f4dbd072486591cb7a5644dcd"),
    URLs.AMAZON_REVIEWS: Expected(71_606_272, "4a1196cf0adaea22f4bc3f592cddde90"),
    URLs.AMAZON_REVIEWS_POLARITY: Expected(688_339_454, "676f7e5208ec343c8274b4bb085bc938"),
    URLs.DBPEDIA: Expected(68_341_743, "239c7837b9e79db34486f3de6a00e38e"),
    URLs.MT_ENG_FRA: Expected(2_598_183_296, "69573f58e2c850b90f2f954077041d8c"),
    URLs.SOGOU_NEWS: Expected(384_269_937, "950f1366d33be52f5b944f8a8b680902"),
    URLs.WIKITEXT: Expected(190_200_704, "2dd8cf8693b3d27e9c8f0a7df054b2c7"),
    URLs.WIKITEXT_TINY: Expected(4_070_055, "2a82d47a7b85c8b6a8e068dc4c1d37e7"),
    URLs.YAHOO_ANSWERS: Expected(319_476_345, "0632a0d236ef3a529c0fa4429b339f68"),
    URLs.YELP_REVIEWS: Expected(196_146_755, "1efd84215ea3e30d90e4c33764b889db"),
    URLs.YELP_REVIEWS_POLARITY: Expected(166_373_201, "48c8451c1ad30472334d856b5d294807"),
    URLs.ADULT_SAMPLE: Expected(968_212, "64eb9d7e23732de0b138f7372d15492f"),
    URLs.ML_SAMPLE: Expected(51_790, "10961384dfe7c5181460390a460c1f77"),
}
